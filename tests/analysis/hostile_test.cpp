// Manifests that mean harm: too large, too deep, lying about what they are, leading elsewhere or
// around in a circle. Each costs a bounded amount of reading and a finding, never an answer.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "server/analysis/manifest/text.h"
#include "server/analysis/project/facts_text.h"
#include "tests/analysis/project_fixture.h"
#include "tests/analysis/world.h"

namespace quarry::analysis {
namespace {

using test::World;

// Bytes that this process has asked the system to read.
std::uint64_t bytes_read() {
  std::ifstream stream("/proc/self/io");
  std::string name;
  std::uint64_t count = 0;
  REQUIRE(stream >> name >> count);
  REQUIRE(name == "rchar:");
  return count;
}

std::string facts_of(const Report& report) {
  std::string text;
  for (const std::string& line : project::fact_lines(report.project)) text += line + "\n";
  return text;
}

TEST_CASE("a manifest that is no manifest costs little reading and one finding") {
  struct Row {
    const char* name;
    void (*make)(World& world);
    const char* finding;
  };
  const Row rows[] = {
      {"a hundred megabytes",
       [](World& world) {
         const std::string path = world.tree.path("package.json");
         REQUIRE(truncate(path.c_str(), 100'000'000) == 0);
       },
       "finding package.json not read: *"},
      {"a link out of the tree",
       [](World& world) { world.tree.link("../outside.json", "package.json"); },
       "finding package.json not read: it is no regular file"},
      {"a link to an endless device",
       [](World& world) { world.tree.link("/dev/zero", "package.json"); },
       "finding package.json not read: it is no regular file"},
      {"a link to itself", [](World& world) { world.tree.link("package.json", "package.json"); },
       "finding package.json not read: it is no regular file"},
      {"a directory", [](World& world) { world.tree.write("package.json/a", "a"); },
       "finding package.json not read: it is no regular file"},
      {"a pipe that nobody writes into",
       [](World& world) { REQUIRE(mkfifo(world.tree.path("package.json").c_str(), 0600) == 0); },
       "finding package.json not read: it is no regular file"},
      {"bytes of a program",
       [](World& world) {
         world.tree.write("package.json", std::string("\x7f"
                                                      "ELF\0\1",
                                                      6));
       },
       "finding package.json it is binary, whatever it is called"},
      {"another encoding",
       [](World& world) { world.tree.write("package.json", std::string("\xff\xfe{\0}\0", 6)); },
       "finding package.json it is UTF-16; only UTF-8 is read"},
      {"nothing at all", [](World& world) { world.tree.write("package.json", ""); },
       "finding package.json*"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    World world({{"package.json", "{\"name\": \"before\"}"}, {"a.py", "print(1)\n"}});
    if (row.name != rows[0].name) std::filesystem::remove(world.tree.path("package.json"));
    std::ofstream(world.tree.path("../outside.json")) << R"({"name": "escaped"})";
    row.make(world);
    const std::uint64_t before = bytes_read();
    const std::string facts = facts_of(world.report());
    CHECK(bytes_read() - before < 1'000'000);
    INFO(facts);
    std::size_t found = 0;
    manifest::for_each_line(facts, [&](std::string_view line, std::uint32_t) {
      if (manifest::matches(row.finding, line)) ++found;
    });
    CHECK(found == 1);
    CHECK(facts.find("escaped") == std::string::npos);
    CHECK(facts.find(". language Python") != std::string::npos);  // the rest is still read
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string numbered(std::string_view before, int times, std::string_view after) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    all.append(before).append(std::to_string(i)).append(after);
  }
  return all;
}

TEST_CASE("manifests nested without end are given up with a finding") {
  constexpr std::size_t kDeep = 100'000;
  struct Row {
    const char* path;
    std::string content;
    bool finding = true;  // a script's braces are only not followed
  };
  const Row rows[] = {
      {"package.json", repeated("[", kDeep)},
      {"package.json", repeated("{\"a\":", kDeep)},
      {"package.json", repeated("[", kDeep) + repeated("]", kDeep)},
      {"Cargo.toml", "a = " + repeated("[", kDeep)},
      {"Cargo.toml", "a = " + repeated("{a=", kDeep)},
      {"Cargo.toml", repeated("a.", kDeep) + "a = 1"},
      {"Cargo.toml", "[" + repeated("a.", kDeep) + "a]\nb = 1"},
      {"pnpm-workspace.yaml", repeated("[", kDeep)},
      {"pnpm-workspace.yaml", repeated("{a: ", kDeep)},
      {"pnpm-workspace.yaml", repeated("- ", kDeep)},
      {"pnpm-workspace.yaml", repeated("? ", kDeep)},
      {"pom.xml", repeated("<a>", kDeep)},
      {"pom.xml", repeated("<a>", kDeep) + repeated("</a>", kDeep)},
      {"build.gradle", repeated("a {", kDeep), false},
      {"build.gradle", repeated("a(", kDeep), false},
      {"main.tf", repeated("a {", kDeep), false},
      {"dune-project", repeated("(", kDeep), false},
      {"dune-project", repeated("(depends (a ", kDeep), false},
      {"dune-project", "(depends " + repeated("(a ", kDeep), false},
      {"a.opam", repeated("depends: [ \"a\" { ", kDeep), false},
      {"a.podspec", repeated("s.dependency 'a', ", kDeep), false},
      {"mix.exs", repeated("[", kDeep), false},
      {"package-lock.json", repeated("{\"a\":", kDeep), false},
      {"package-lock.json", repeated("[", kDeep), false},
      {"package-lock.json", "{\"a\": \"" + repeated("\\", 2 * kDeep + 1), false},
      {"yarn.lock", repeated("a@b, ", kDeep) + ":\n  version 1\n", false},
  };
  for (const Row& row : rows) {
    INFO(row.path << ": " << row.content.substr(0, 12));
    const auto lines = project::fact_lines(project::project_of({{row.path, row.content}}));
    const bool found = std::ranges::any_of(lines, [&](const std::string& line) {
      return line.starts_with(std::string("finding ") + row.path);
    });
    CHECK(found == row.finding);
  }
}

TEST_CASE("aliases and entities that multiply are not followed to the end") {
  std::string yaml = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  const auto parsed = manifest::parse_yaml(yaml);
  REQUIRE(parsed.problem);
  CHECK(parsed.problem->message == "more values or deeper than is read");
  // Each goes deeper than the one before.
  std::string deeper = "a0: &a0 " + repeated("[", 50) + "x" + repeated("]", 50) + "\n";
  for (int i = 1; i < 30; ++i) {
    deeper += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " " + repeated("[", 50) +
              "*a" + std::to_string(i - 1) + repeated("]", 50) + "\n";
  }
  CHECK(manifest::parse_yaml(deeper).problem);
  CHECK(manifest::parse_toml(numbered("a", 100'001, " = 1\n")).problem);
  CHECK(manifest::parse_ini(numbered("[a", 100'002, "]\n")).problem);
  // Of one long text too.
  const auto copied = manifest::parse_yaml("a: &a " + std::string(500'000, 'a') + "\nb: [" +
                                           repeated("*a, ", 100) + "]\n");
  REQUIRE(copied.problem);
  CHECK(copied.problem->message == "more values or deeper than is read");
  std::string xml = "<!DOCTYPE a [<!ENTITY e \"xxxxxxxxxx\"><!ENTITY f \"&e;&e;&e;\">]><a>&f;</a>";
  CHECK(manifest::parse_xml(xml).root.text == "&f;");
}

TEST_CASE("workspaces that lead out, around, or everywhere name only modules that are there") {
  const std::string many = repeated("**/", 15) + "x";
  std::string deep = "a";
  for (int i = 0; i < 60; ++i) deep += "/a";
  const auto lines = project::fact_lines(project::project_of({
      {"package.json",
       R"({"name": "top", "workspaces": ["a", "../..", "/etc", ".", ")" + many + R"("]})"},
      {"a/package.json", R"({"name": "a", "workspaces": ["..", "../a", "b/../.."]})"},
      {deep + "/package.json", R"({"name": "deep"})"},
      {"go.work", "use (\n  .\n  ../out\n)\n"},
      {"go.mod", "module m\n"},
      {"r/Cargo.toml", "[workspace]\nmembers = [\".\", \"s\"]\n[package]\nname = \"r\"\n"},
      {"r/s/Cargo.toml", "[workspace]\nmembers = [\"..\", \"../s\"]\n[package]\nname = \"s\"\n"},
      {"m/pom.xml",
       "<project><modules><module>../m</module><module>n</module></modules></project>"},
      {"m/n/pom.xml", "<project><parent><relativePath>../../m</relativePath></parent></project>"},
      {"g/settings.gradle", "include ':h', ':..:g'\n"},
      {"g/build.gradle", "plugins { id 'java' }\n"},
      {"g/h/build.gradle", "plugins { id 'java' }\n"},
  }));
  std::vector<std::string> members;
  std::ranges::copy_if(lines, std::back_inserter(members), [](const std::string& line) {
    return line.find(" member ") != std::string::npos;
  });
  CHECK(members ==
        std::vector<std::string>{". member a", "g member g/h", "m member m/n", "r member r/s"});
}

// What nothing closes makes a careless reader look for its end again and again: the time would
// grow with the square of the size, and the runner's limit is far below that.
ecosystem::Facts facts_in(const std::string& path, const std::string& text) {
  const ecosystem::Reader* reader = ecosystem::find_reader(path);
  REQUIRE(reader != nullptr);
  return ecosystem::read(*reader, {path, text});
}

TEST_CASE("values within values are put in a few times, then no more") {
  // Each property of Maven names the next one over and over; what they end in is empty.
  std::string pom =
      "<project><artifactId>a</artifactId><version>${v0.version}</version><properties>";
  for (int i = 0; i < 6; ++i) {
    pom += "<v" + std::to_string(i) + ".version>" +
           repeated("${v" + std::to_string(i + 1) + ".version}", 300) + "</v" + std::to_string(i) +
           ".version>";
  }
  pom += "<v6.version></v6.version></properties></project>";
  CHECK(facts_in("pom.xml", pom).version.size() < 4096);
  // A line of tags of ERB, each with all that was before it to look back at.
  CHECK(facts_in("config/database.yml", repeated("<% %>", 200'000)).services.empty());
  const std::string image = "FROM a\nENV A0=x\n" + repeated("ENV A0=$A0$A0$A0$A0\n", 5000);
  CHECK(facts_in("Dockerfile", image).variables.size() <= 2000);
}

// Each of them took minutes, or gigabytes.
TEST_CASE("what is large is gone through once") {
  const std::string slashes =
      R"({"packages": [{"name": "a)" + repeated("\\/", 2'000'000) + R"(", "version": "1"}]})";
  const auto lock = facts_in("composer.lock", slashes);
  REQUIRE(lock.locked.size() == 1);
  CHECK(lock.locked[0].name.starts_with("a//"));

  const auto compose =
      facts_in("compose.yml", "services:\n" + numbered(" q", 10'000, ": {image: own}\n") +
                                  numbered(" r", 10'000, ": {image: redis}\n"));
  REQUIRE(compose.built.size() == 10'000);
  CHECK(compose.built.back().services.size() == 1);

  const std::string words = std::string(1'000'000, 'a') + "\n";
  const auto image =
      facts_in("Dockerfile", "FROM a AS a\nENV A=" + words + repeated("ENV B=$A\n", 900) +
                                 repeated("FROM a AS a\n", 5000));
  for (const auto& one : image.variables) CHECK(one.value.size() < 10'000);
  std::string ports = "FROM a AS a\nEXPOSE" + repeated(" 1", 400'000) + "\n";
  CHECK(facts_in("Dockerfile", ports + repeated("FROM a AS a\n", 20'000)).ports.size() < 10'000);

  const std::string name = "${a}${a}${a}${a}${a}${a}${a}${a}";
  std::string pom = "<project><version>" + name + "</version><properties>";
  for (const char c : {'b', 'c', 'd', 'e'}) {
    pom += std::string("<") + static_cast<char>(c - 1) + ">" +
           repeated(std::string("${") + c + "}", 8) + "</" + static_cast<char>(c - 1) + ">";
  }
  pom += "<e>1</e>" + numbered("<x", 10'000, "/>") + "</properties><dependencies>" +
         repeated("<dependency><artifactId>" + name + "</artifactId></dependency>", 5000) +
         "</dependencies></project>";
  CHECK(facts_in("pom.xml", pom).dependencies.size() == 5000);

  const std::string description = "Package: a\nImports: b," + repeated(",", 1'000'000) + "\n c\n";
  const auto package = facts_in("DESCRIPTION", description);
  REQUIRE(package.dependencies.size() == 2);
  CHECK(package.dependencies[1].line == 3);

  std::string props = "<Project><PropertyGroup>";
  for (int i = 0; i < 90'000; ++i)
    props += "<A" + std::to_string(i) + ">1</A" + std::to_string(i) + ">";
  CHECK(facts_in("Directory.Build.props", props + "</PropertyGroup></Project>").shared.size() ==
        90'000);

  const std::string hocon = std::string(1'500'000, 'k') + " {\n" + repeated("a ", 99'000) +
                            "}\nktor.deployment.port = 8081\n";
  REQUIRE(facts_in("application.conf", hocon).ports.size() == 1);
  const std::string spring = "? " + std::string(1'000'000, 'k') + "\n: {" +
                             numbered("a", 40'000, ": 1, ") + "}\nserver: {port: 8081}\n";
  REQUIRE(facts_in("application.yml", spring).ports.size() == 1);

  std::string flake = "{ " + repeated("a = { ", 30'000) + repeated("x = \"y\"; ", 30'000);
  CHECK(facts_in("flake.nix", flake).dependencies.empty());
}

TEST_CASE("an empty word among the packages of CMake is none") {
  CHECK(facts_in("CMakeLists.txt", "pkg_check_modules(A \"\" glib)\n").dependencies.size() == 1);
}

// Calls visit(reader, path, content) for each manifest of the described projects, once.
template <class Visit>
void each_manifest(Visit visit) {
  std::set<std::pair<std::string, std::string>> done;
  for (const auto& entry : std::filesystem::directory_iterator(QUARRY_PROJECT_CASES)) {
    std::ifstream stream(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    for (const project::Case& one : project::parse_cases(text.str())) {
      for (const auto& [path, content] : one.files) {
        const ecosystem::Reader* reader = ecosystem::find_reader(path);
        if (reader == nullptr || reader->read == nullptr || content.empty()) continue;
        if (done.emplace(reader->pattern, content).second) visit(*reader, path, content);
      }
    }
  }
  CHECK(done.size() > 100);
}

TEST_CASE("each reader gets through what begins or ends anywhere in its manifests") {
  each_manifest(
      [](const ecosystem::Reader& reader, const std::string& path, const std::string& content) {
        const std::string_view whole = content;
        for (std::size_t cut = 0; cut < content.size(); ++cut) {
          INFO(path << " cut at " << cut << ": " << content);
          CHECK(ecosystem::read(reader, {path, whole.substr(cut)}).path == path);
          CHECK(ecosystem::read(reader, {path, whole.substr(0, cut)}).path == path);
        }
      });
}

// A third of all manifests: all take some minutes under a sanitizer.
void read_with_nothing_closed(std::size_t third) {
  constexpr std::size_t kSize = 60'000;
  std::size_t number = 0;
  each_manifest(
      [&](const ecosystem::Reader& reader, const std::string& path, const std::string& content) {
        if (++number % 3 != third) return;
        for (const std::string_view dropped : {"", ")]}>\"'`", "\n", ")]}>\n"}) {
          std::string unit;
          for (const char c : content) {
            if (dropped.find(c) == std::string_view::npos) unit.push_back(c);
          }
          if (unit.empty()) continue;
          const std::string hostile = repeated(unit, kSize / unit.size() + 1);
          INFO(path << " without " << dropped << ": " << content);
          CHECK(ecosystem::read(reader, {path, hostile}).path == path);
        }
      });
}

TEST_CASE(
    "each reader gets through its manifests with nothing closed, over and over: first third") {
  read_with_nothing_closed(0);
}

TEST_CASE("each reader gets through its manifests with nothing closed, over and over: second") {
  read_with_nothing_closed(1);
}

TEST_CASE("each reader gets through its manifests with nothing closed, over and over: last third") {
  read_with_nothing_closed(2);
}

}  // namespace
}  // namespace quarry::analysis
