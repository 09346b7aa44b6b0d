#include "server/analysis/analyze.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "server/analysis/render.h"
#include "tests/analysis/world.h"

namespace quarry::analysis {
namespace {

using test::World;

const std::map<std::string, std::string> kProject = {
    {".git/index", "v1"}, {"main.c", "int main(void) { return 0; }"}, {"run", "#!/bin/sh\nexit\n"}};

void make_executable(World& world, const std::string& name) {
  REQUIRE(chmod(world.tree.path(name).c_str(), 0755) == 0);
  for (git::TrackedFile& file : world.repository.files) {
    if (file.path == name) file.mode = 0100755;
  }
}

TEST_CASE("a second analysis reads no file again") {
  World world(kProject);
  make_executable(world, "run");
  const Report first = world.report();
  CHECK(first.files_read == 3);  // main.c for its language, and as an entry point
  CHECK(first.origin == Origin::kIndex);
  CHECK(first.tree.main_language == "C");
  CHECK(first.tree.languages.size() == 2);
  REQUIRE(first.git);
  CHECK(first.git->branch == "main");
  const Report second = world.report();
  CHECK(second.files_read == 0);
  CHECK(second.tree == first.tree);
}

TEST_CASE("after a change the files that changed are read again, and no others") {
  struct Row {
    const char* name;
    void (*change)(World&);
    AnalyzeOptions options;
    std::uint64_t read;
    const char* languages;
  };
  const Row rows[] = {
      {"nothing", [](World&) {}, {}, 0, "C Shell "},
      {"a source", [](World& w) { w.tree.write("main.c", "int main2;"); }, {}, 2, "Shell C "},
      {"a script",
       [](World& w) { w.tree.write("run", "#!/usr/bin/perl\nexit 0;\n\n\n\n\n"); },
       {},
       1,
       "C Perl "},
      {"a script is gone",
       [](World& w) {
         w.tree.run({"rm", "run"});
         w.repository.files.pop_back();
       },
       {},
       0,
       "C "},
      {"a new file",
       [](World& w) {
         w.tree.write("new.py", "print()\n");
         w.repository.files.push_back({"new.py", 0100644, 8, ""});
       },
       {},
       1,
       "C Shell Python "},
      {"asked to look again", [](World&) {}, {.refresh = true}, 3, "C Shell "},
      {"only git asked for", [](World&) {}, {.tree = false}, 0, ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    World world(kProject);
    make_executable(world, "run");
    CHECK(world.report().files_read == 3);
    row.change(world);
    const Report report = world.report(row.options);
    CHECK(report.files_read == row.read);
    std::string languages;
    for (const LanguageFact& fact : report.tree.languages) languages += fact.name + " ";
    CHECK(languages == row.languages);
  }
}

TEST_CASE("a file that changed a moment ago is read again") {
  World recent(kProject);
  recent.clock.ahead_ms = 0;
  CHECK(recent.report().files_read == 3);
  CHECK(recent.report().files_read == 3);
}

TEST_CASE("damaged facts are not believed") {
  World world(kProject);
  const Report first = world.report();
  std::map<std::string, std::string> kept;
  REQUIRE(world.store->each(store::Table::kAnalysis, [&](std::string_view k, std::string_view v) {
    kept.emplace(k, v);
    return true;
  }));
  REQUIRE(!kept.empty());
  for (const auto& [key, value] : kept) {
    for (std::size_t cut = 0; cut < value.size(); cut += 7) {
      INFO(cut);
      REQUIRE(world.store->put(store::Table::kAnalysis, key, value.substr(0, cut)));
      CHECK(world.report().tree == first.tree);
    }
    std::string wrong = value;
    for (char& c : wrong) c = static_cast<char>(~c);
    REQUIRE(world.store->put(store::Table::kAnalysis, key, wrong));
    CHECK(world.report().tree == first.tree);
  }
}

TEST_CASE("a revision is read from its blobs, and each blob once, whatever the branch") {
  World world(std::map<std::string, std::string>{{"main.c", "not this"}});
  world.repository.contents = {{"b1", "#!/bin/sh\n"}, {"b2", "int main;"}, {"b3", "#!/bin/awk\n"}};
  world.repository.files = {{"main.c", 0100644, 9, "b2"}, {"run", 0100755, 10, "b1"}};
  const Report first = world.report({.ref = "v1"});
  CHECK(first.origin == Origin::kRevision);
  CHECK(first.commit == "0123456789abcdef0123456789abcdef01234567");
  REQUIRE(first.tree.languages.size() == 2);
  CHECK(first.tree.languages[0].name == "Shell");
  CHECK(world.repository.blobs_read == 3);
  CHECK(world.report({.ref = "v1"}).tree == first.tree);
  CHECK(world.repository.blobs_read == 3);
  world.repository.files[1].blob = "b3";
  CHECK(world.report({.ref = "v1"}).tree.languages[0].name == "Awk");
  CHECK(world.repository.blobs_read == 4);
  CHECK(!world.analyze({.ref = "v2"}));
}

TEST_CASE("without a usable repository the directory is walked under its ignore rules") {
  struct Row {
    const char* name;
    std::optional<Error> error;
    const char* note;
  };
  const Row rows[] = {
      {"none", Error{Code::kNotFound, "no git repository"},
       "no git repository: the directory was walked"},
      {"broken", Error{Code::kInternal, "bad index"},
       "git's index cannot be read, so the directory was walked: bad index"},
      {"empty", std::nullopt, "git tracks no files yet: the directory was walked"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    World world({{"main.c", "int main;"},
                 {"sub/run", "#!/bin/sh\nexit\n"},
                 {"out/x.py", "print()"},
                 {".gitignore", "out/\n"}});
    world.tree.make_directory(".git");
    REQUIRE(chmod(world.tree.path("sub/run").c_str(), 0755) == 0);
    world.repository.files.clear();
    world.repository.error = row.error;
    const Report report = world.report();
    CHECK(report.origin == Origin::kWalk);
    REQUIRE(report.tree.languages.size() == 2);
    CHECK(report.tree.languages[0].name == "Shell");
    CHECK(report.tree.languages[1].name == "C");
    REQUIRE(!report.notes.empty());
    CHECK(report.notes[0] == row.note);
    if (row.error) CHECK(report.git_missing == row.error->message);
  }
}

TEST_CASE("a package that is looked at alone is said to have a workspace above it") {
  World world({{"package.json", R"({"workspaces": ["packages/*"]})"},
               {"pnpm-lock.yaml", "lockfileVersion: '9.0'\n"},
               {"packages/a/package.json", R"({"name": "a"})"},
               {"packages/b/package.json", R"({"name": "b"})"},
               {"packages/b/package-lock.json", "{}"},
               {"packages/c/go.mod", "module c\n"},
               {"packages/pom.xml", "<project></project>"},
               {"packages/d/pom.xml", "<project></project>"}});
  const auto notes_of = [&](std::string_view path) {
    AnalyzeOptions options;
    options.path = *world.workspace->parse(path);
    const auto report = world.analyze(options);
    REQUIRE(report);
    return report->notes;
  };
  using Notes = std::vector<std::string>;
  CHECK(notes_of("packages/a") ==
        Notes{"what pnpm-lock.yaml tells of this directory is not looked at: path=. has its "
              "package manager, versions and commands"});
  CHECK(notes_of("packages/d") ==
        Notes{"what packages/pom.xml tells of this directory is not looked at: path=packages has "
              "its package manager, versions and commands"});
  CHECK(notes_of("packages/b").empty());
  CHECK(notes_of("packages/c").empty());
  CHECK(notes_of(".").empty());
}

TEST_CASE("errors that end a call end the analysis") {
  for (const Code code : {Code::kCancelled, Code::kTimeout}) {
    World world(kProject);
    world.repository.error = Error{code, "stop"};
    const auto report = world.analyze();
    REQUIRE(!report);
    CHECK(report.error().code == code);
  }
  World world(kProject);
  const auto file = world.analyze({.path = *world.workspace->parse("main.c")});
  REQUIRE(!file);
  CHECK(file.error().message == "'main.c' is not a directory; give the directory of a project");
  CHECK(!world.analyze({.path = *world.workspace->parse("nowhere")}));
}

TEST_CASE("an index that names paths outside opens nothing") {
  World world(kProject);
  world.repository.files = {
      {"../evil", 0100755, 10, ""}, {"/etc/passwd", 0100755, 10, ""}, {"a//b", 0100755, 10, ""}};
  const Report report = world.report();
  CHECK(report.tree.languages.empty());
  CHECK(report.tree.files == 3);
}

TEST_CASE("a report reads as a short text with evidence") {
  Report report;
  report.origin = Origin::kIndex;
  report.tree.files = 3;
  report.tree.bytes = 2048;
  report.tree.main_language = "C";
  report.tree.languages = {{"C", "programming", 1024, 2, 999, "src/a\nb.c"},
                           {"Tcl", "programming", 1, 1, 0, "t.tcl"}};
  report.tree.left_out = {{"vendored", 10, 1, {"deps/"}}};
  report.tree.manifests = {{"Makefile", "make", "build", 3, {"Makefile", "src/Makefile"}}};
  report.git.emplace();
  report.git->branch = "main";
  report.git->head = "0123456789abcdef0123456789abcdef01234567";
  report.git->last_commit_time = 1704164645;
  report.git->last_commit_subject = "begin";
  report.git->branches = 1;
  report.git->remotes = {{"origin", "https://example.org/x"}};
  std::string text;
  append_text(text, report, {.path = sandbox::Path(), .max_paths = 1});
  CHECK(text ==
        ".: mainly C (99.9 % of the code); 3 tracked files, 2.0 KiB\n"
        "languages (by bytes of programming and markup):\n"
        "  C 99.9 %, 1.0 KiB, 2 files, largest src/a\\x0ab.c\n"
        "  Tcl <0.1 %, 1 B, 1 file, largest t.tcl\n"
        "left out, vendored: 1 file, 10 B (deps/)\n"
        "manifests:\n"
        "  make (build): Makefile, 2 more\n"
        "git: branch main at 0123456789ab (.git/HEAD), 2024-01-02T03:04:05Z begin\n"
        "  1 branch, 0 tags\n"
        "  remote origin https://example.org/x (.git/config)");
}

}  // namespace
}  // namespace quarry::analysis