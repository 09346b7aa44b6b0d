#include "server/analysis/tally.h"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "server/analysis/part.h"
#include "tests/analysis/fake_contents.h"

namespace quarry::analysis {
namespace {

struct File {
  const char* path;
  std::uint64_t size;
  std::uint32_t mode = 0100644;
};

TreeFacts facts_of(const std::vector<File>& files, std::string_view top = "",
                   const std::map<std::string, std::string>& heads = {}) {
  std::vector<git::TrackedFile> list;
  for (const File& file : files) list.push_back({file.path, file.mode, file.size, ""});
  std::ranges::sort(list, {}, &git::TrackedFile::path);
  const SystemClock clock;
  const CancelToken cancel(clock);
  const test::FakeContents contents(heads);
  pool::Pool pool({.workers = 0});
  const auto store = store::Store::in_memory();
  const auto survey = make_survey(FileIndex(std::move(list), top), contents, pool, cancel);
  REQUIRE(survey);
  FactCache cache(*store, contents, "/root", FactCache::Origin::kWorkingTree, false);
  PartMemory memory;
  Report report;
  report.tree.notes = survey->notes;
  REQUIRE(run_parts(all_parts(), {*survey, contents, cache, pool, cancel, memory}, report));
  return report.tree;
}

// "C 75.0 src/big.c; Tcl 25.0 tests/a.tcl"
std::string languages(const TreeFacts& facts) {
  std::string text;
  for (const LanguageFact& fact : facts.languages) {
    if (!text.empty()) text += "; ";
    text += fact.name + " " + std::to_string(fact.permille / 10) + "." +
            std::to_string(fact.permille % 10) + " " + fact.evidence;
  }
  return text;
}

// "vendored 2 deps/; documentation 1 documents by name"
std::string left_out(const TreeFacts& facts) {
  std::string text;
  for (const LeftOut& fact : facts.left_out) {
    if (!text.empty()) text += "; ";
    text += fact.reason + " " + std::to_string(fact.files);
    for (const std::string& evidence : fact.evidence) text += " " + evidence;
  }
  return text;
}

TEST_CASE("languages are counted by bytes of the project's own code") {
  struct Row {
    const char* name;
    std::vector<File> files;
    const char* main_language;
    const char* languages;
    const char* left_out;
  };
  const Row rows[] = {
      {"bundled code, tests and data apart",
       {{"src/server.c", 600},
        {"src/server.h", 150},
        {"tests/unit.tcl", 250},
        {"deps/lua/lua.c", 3000},
        {"README.md", 99},
        {"src/commands/get.json", 500},
        {"logo.png", 70},
        {"tests/assets/x", 5}},
       "C",
       "C 75.0 src/server.c; Tcl 25.0 tests/unit.tcl",
       "vendored 1 deps/; documentation 1 documents by name; data and prose 1 JSON; unrecognised 2 "
       ".png no extension"},
      {"headers go with the sources there are more of",
       {{"a.cc", 10}, {"b.cc", 10}, {"c.c", 10}, {"x.h", 70}},
       "C++",
       "C++ 90.0 x.h; C 10.0 c.c",
       ""},
      {"markup counts, and is main only where there is no code",
       {{"index.html", 900}, {"style.css", 50}, {"app.js", 50}},
       "JavaScript",
       "HTML 90.0 index.html; CSS 5.0 style.css; JavaScript 5.0 app.js",
       ""},
      {"markup alone", {{"index.html", 10}}, "HTML", "HTML 100.0 index.html", ""},
      {"nothing known", {{"a.bin", 10}}, "", "", "unrecognised 1 .bin"},
      {"nothing at all", {}, "", "", ""},
      {"a configure beside its source is generated",
       {{"configure", 100, 0100755}, {"configure.ac", 10}, {"m.c", 10}},
       "C",
       "C 50.0 m.c; M4 50.0 configure.ac",
       "generated 1 configure"},
      {"a lock file and a bundle",
       {{"package-lock.json", 500}, {"dist/app.js", 500}, {"src/app.js", 10}},
       "JavaScript",
       "JavaScript 100.0 src/app.js",
       "generated 2 dist/ package-lock.json"},
      {"style sheets that are compiled count once",
       {{"scss/site.scss", 10},
        {"scss/_colours.scss", 10},
        {"static/css/site.css", 900},
        {"a/b.less", 10},
        {"a/b.css", 90},
        {"static/css/colours.css", 30},
        {"static/site.css", 20}},
       "CSS",
       "CSS 62.5 static/css/colours.css; SCSS 25.0 scss/_colours.scss; Less 12.5 a/b.less",
       "generated 2 *.css of a stylesheet"},
      {"charts are written in templates",
       {{"charts/a/Chart.yaml", 10},
        {"charts/a/templates/_helpers.tpl", 60},
        {"charts/a/hack/sync.py", 40}},
       "Go template",
       "Go template 60.0 charts/a/templates/_helpers.tpl; Python 40.0 charts/a/hack/sync.py",
       "data and prose 1 YAML"},
      {"links and submodules are not files",
       {{"a.c", 10}, {"b.c", 99, 0120000}, {"lib", 0, 0160000}},
       "C",
       "C 100.0 a.c",
       ""},
      {"sizes of nothing", {{"a.c", 0}}, "C", "C 0.0 a.c", ""},
      {"equal bytes keep one order",
       {{"b.rs", 10}, {"a.go", 10}},
       "Go",
       "Go 50.0 a.go; Rust 50.0 b.rs",
       ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const TreeFacts facts = facts_of(row.files);
    CHECK(facts.main_language == row.main_language);
    CHECK(languages(facts) == row.languages);
    CHECK(left_out(facts) == row.left_out);
  }
}

TEST_CASE("a weak name does not hide a project that lives under it") {
  const TreeFacts facts =
      facts_of({{"deps/rabbit/a.erl", 900}, {"deps/rabbit/b.erl", 90}, {"Makefile", 10}});
  CHECK(facts.main_language == "Erlang");
  CHECK(left_out(facts).empty());
  REQUIRE(facts.notes.size() == 1);
  CHECK(facts.notes[0] ==
        "most of the code lies in deps/ and the like, which is therefore counted");

  const TreeFacts vendored = facts_of({{"vendor/a.go", 900}, {"main.go", 10}});
  CHECK(left_out(vendored) == "vendored 1 vendor/");
}

TEST_CASE("scripts without an extension are known by their first line") {
  const std::vector<File> files = {
      {"bin/run", 30, 0100755}, {"bin/odd", 20, 0100755}, {"data", 40}};
  const TreeFacts facts = facts_of(files, "", {{"bin/run", "#!/bin/sh\n"}, {"data", "one\ntwo\n"}});
  CHECK(languages(facts) == "Shell 100.0 bin/run");
  CHECK(left_out(facts) == "unrecognised 2 no extension");
}

TEST_CASE("what .gitattributes say comes before what paths and contents say") {
  const std::vector<File> files = {
      {".gitattributes", 1}, {"lib/.gitattributes", 1}, {"lib/a.c", 10},    {"lib/b.c", 20},
      {"vendor/own.c", 30},  {"out/made.js", 40},       {"notes/x.py", 50}, {"rules.json", 60},
      {"odd.xyz", 70},       {"quiet.css", 80},         {"gen.go", 90},     {"lib/deep/c.c", 100}};
  const TreeFacts facts = facts_of(
      files, "",
      {{".gitattributes",
        "# comment\n*.c linguist-vendored\nvendor/** -linguist-vendored\n"
        "/out/* linguist-generated=true\nnotes/** linguist-documentation\n"
        "*.json linguist-detectable linguist-language=JSON5\n*.xyz linguist-language=c++\n"
        "*.css -linguist-detectable\ngen.go -linguist-generated text\n[attr]x linguist-vendored\n"
        "*.json linguist-language=JSON\n"},
       {"lib/.gitattributes", "a.c -linguist-vendored\ndeep/* !linguist-vendored\n"},
       {"gen.go", "// Code generated by x. DO NOT EDIT.\n"}});
  CHECK(languages(facts) ==
        "C 38.9 lib/deep/c.c; Go 25.0 gen.go; C++ 19.4 odd.xyz; JSON 16.7 rules.json");
  CHECK(left_out(facts) ==
        "vendored 1 .gitattributes; generated 1 .gitattributes; documentation 1 .gitattributes; "
        "data and prose 3 .gitattributes Git attributes");
}

TEST_CASE("a file whose content does not tell follows the others of its extension") {
  const TreeFacts facts = facts_of({{"a.v", 30}, {"b.v", 20}, {"c.v", 10}, {"d.v", 5}}, "",
                                   {{"a.v", "Require A.\n"},
                                    {"b.v", "Theorem b : True.\n"},
                                    {"c.v", "module c(x);\n"},
                                    {"d.v", "(* *)\n"}});
  CHECK(languages(facts) == "Coq 84.6 a.v; Verilog 15.4 c.v");
}

TEST_CASE("a subdirectory is a project of its own") {
  const std::vector<File> files = {{"a.go", 100},        {"web/docs/x.js", 10},
                                   {"web/src/x.ts", 10}, {"web/package.json", 5},
                                   {"website/y.py", 10}, {"deps/lua/lua.c", 10}};
  const TreeFacts web = facts_of(files, "web");
  CHECK(languages(web) == "TypeScript 100.0 web/src/x.ts");
  CHECK(left_out(web) == "documentation 1 web/docs/; data and prose 1 JSON");
  CHECK(web.files == 3);
  REQUIRE(web.manifests.size() == 1);
  CHECK(web.manifests[0].paths == std::vector<std::string>{"web/package.json"});
  CHECK(languages(facts_of(files, "deps/lua")) == "C 100.0 deps/lua/lua.c");
  CHECK(facts_of(files, "we").files == 0);
}

TEST_CASE("manifests come by role, nearest the top first, capped and counted") {
  std::vector<File> files = {{"src/Makefile", 1},
                             {"Makefile", 1},
                             {"a/b/CMakeLists.txt", 1},
                             {"Dockerfile", 1},
                             {".github/workflows/ci.yml", 1},
                             {".github/workflows/nightly.yaml", 1},
                             {"node_modules/x/package.json", 1},
                             {"app/App.xcodeproj/project.pbxproj", 1}};
  const TreeFacts facts = facts_of(files);
  std::string text;
  for (const ManifestFact& fact : facts.manifests) {
    text += fact.role + " " + fact.kind + " " + std::to_string(fact.count);
    for (const std::string& path : fact.paths) text += " " + path;
    text += "\n";
  }
  CHECK(text ==
        "build Makefile 2 Makefile src/Makefile\n"
        "build project.pbxproj 1 app/App.xcodeproj/project.pbxproj\n"
        "build CMakeLists.txt 1 a/b/CMakeLists.txt\n"
        "container Dockerfile 1 Dockerfile\n"
        "ci GitHub Actions workflow 2 .github/workflows/ci.yml .github/workflows/nightly.yaml\n");
  CHECK(facts.manifests_left_out == 1);

  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) names.push_back("d" + std::to_string(100 + i) + "/Kconfig");
  std::vector<File> many;
  for (const std::string& name : names) many.push_back({name.c_str(), 1});
  const TreeFacts capped = facts_of(many);
  CHECK(capped.manifests.at(0).count == 50);
  CHECK(capped.manifests.at(0).paths.size() == 20);
}

TEST_CASE("a part that fails costs its own facts and a note") {
  const SystemClock clock;
  const CancelToken cancel(clock);
  const test::FakeContents contents({});
  pool::Pool pool({.workers = 0});
  const auto store = store::Store::in_memory();
  const auto survey =
      make_survey(FileIndex({{"Makefile", 0100644, 1, ""}}, ""), contents, pool, cancel);
  REQUIRE(survey);
  FactCache cache(*store, contents, "/root", FactCache::Origin::kWorkingTree, false);
  std::vector<Part> parts(all_parts().begin(), all_parts().end());
  parts[0].run = [](const PartInput&, Report&, std::vector<std::string>&) -> Result<void> {
    return fail(Code::kInternal, "broken");
  };
  PartMemory memory;
  Report report;
  REQUIRE(run_parts(parts, {*survey, contents, cache, pool, cancel, memory}, report));
  CHECK(report.tree.languages.empty());
  CHECK(report.tree.manifests.size() == 1);
  CHECK(report.notes == std::vector<std::string>{"languages are missing: broken"});
  CHECK(!report.repeatable);
}

TEST_CASE("a cancelled analysis of the files ends") {
  const SystemClock clock;
  CancelToken cancel(clock);
  const test::FakeContents contents({});
  pool::Pool pool({.workers = 0});
  const auto store = store::Store::in_memory();
  const auto survey = make_survey(FileIndex({{"a.c", 0100644, 1, ""}}, ""), contents, pool, cancel);
  REQUIRE(survey);
  cancel.cancel();
  FactCache cache(*store, contents, "/root", FactCache::Origin::kWorkingTree, false);
  PartMemory memory;
  Report report;
  const auto done =
      run_parts(all_parts(), {*survey, contents, cache, pool, cancel, memory}, report);
  REQUIRE(!done);
  CHECK(done.error().code == Code::kCancelled);
}

}  // namespace
}  // namespace quarry::analysis
