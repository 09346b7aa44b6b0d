#include <catch2/catch.hpp>

#include "server/analysis/contested.h"
#include "server/analysis/languages.h"
#include "server/analysis/manifests.h"
#include "server/analysis/path_class.h"

namespace quarry::analysis {
namespace {

std::string named(std::optional<LanguageId> id) {
  return id ? std::string(language_name(*id)) : std::string();
}

TEST_CASE("a language is known by name, extension and template") {
  struct Row {
    const char* path;
    const char* want;
  };
  const Row rows[] = {
      {"src/main.c", "C"},
      {"a.C", "C++"},
      {"a.CPP", "C++"},
      {"lib/x.PY", "Python"},
      {"a.S", "Assembly"},
      {"Makefile", "Makefile"},
      {"sub/Makefile.inc", "Makefile"},
      {"Makefile.in", "Makefile"},
      {"Dockerfile.dev", "Dockerfile"},
      {"drivers/Kconfig.debug", "Kconfig"},
      {"CMakeLists.txt", "CMake"},
      {"notes.txt", "Text"},
      {"run.sh.in", "Shell"},
      {"tests/unit.tcl", "Tcl"},
      {"go.mod", "Go modules"},
      {"x.tsx", "TypeScript"},
      {"drivers/staging/vt6655/card.c", "C"},
      {"noextension", ""},
      {".gitignore", "Git attributes"},
      {".bashrc", "Shell"},
      {"a.unknown", ""},
      {"a.", ""},
      {"", ""},
      {"a.thisextensionislongerthananyother", ""},
  };
  for (const Row& row : rows) {
    INFO(row.path);
    CHECK(named(language_by_path(row.path)) == row.want);
  }
  CHECK(language_count() >= 150);
}

TEST_CASE("a script's language is its interpreter's") {
  struct Row {
    const char* head;
    const char* want;
  };
  const Row rows[] = {
      {"#!/bin/sh\necho", "Shell"},
      {"#! /usr/bin/perl -w\n", "Perl"},
      {"#!/usr/bin/env python3\n", "Python"},
      {"#!/usr/bin/env -S python3.11 -u\r\n", "Python"},
      {"#!/usr/bin/env LANG=C tclsh8.6\n", "Tcl"},
      {"#!/usr/bin/env node", "JavaScript"},
      {"#!/usr/bin/ruby2.7", "Ruby"},
      {"#!/opt/unheard-of\n", ""},
      {"#!/usr/bin/env", ""},
      {"#!", ""},
      {"#", ""},
      {"echo #!/bin/sh", ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    INFO(row.head);
    CHECK(named(language_by_shebang(row.head)) == row.want);
  }
}

TEST_CASE("contested extensions follow their neighbours") {
  struct Row {
    const char* extension;
    std::vector<std::pair<std::string_view, std::uint64_t>> beside;
    std::string_view top_file;
    const char* want;
  };
  const Row rows[] = {
      {".h", {}, "", "C"},
      {".h", {{".c", 3}, {".cpp", 3}}, "", "C"},
      {".h", {{".c", 3}, {".cc", 4}}, "", "C++"},
      {".h", {{".c", 3}, {".m", 4}}, "", "Objective-C"},
      {".m", {{".h", 1}}, "", "Objective-C"},
      {".m", {{".h", 1}, {".m", 2}, {".c", 20}}, "", "Objective-C"},
      {".m", {{".h", 1}, {".m", 1}, {".c", 20}}, "", "MATLAB"},
      {".m", {{".swift", 1}, {".m", 1}, {".c", 20}}, "", "Objective-C"},
      {".m", {}, "", "MATLAB"},
      {".uc", {}, "", "UnrealScript"},
      {".uc", {{".c", 1}}, "", ""},
      {".pl", {}, "", "Perl"},
      {".pl", {{".plt", 1}}, "", "Prolog"},
      {".pl", {{".plt", 1}, {".pm", 1}}, "", "Perl"},
      {".v", {}, "", "Verilog"},
      {".v", {}, "v.mod", "V"},
      {".v", {}, "_CoqProject", "Coq"},
      {".ts", {{".qrc", 1}}, "", "XML"},
      {".ts", {{".qrc", 1}}, "tsconfig.json", "TypeScript"},
      {".d", {{".c", 1}}, "", ""},
      {".d", {{".c", 1}}, "dub.json", "D"},
      {".cls", {}, "", "LaTeX"},
      {".cls", {}, "sfdx-project.json", "Apex"},
      {".inc", {{".php", 2}, {".c", 1}}, "", "PHP"},
      {".inc", {}, "", ""},
      {".cl", {{".asd", 1}}, "", "Common Lisp"},
      {".pro", {{".cpp", 1}}, "", "QMake"},
      {".pp", {{".lpr", 1}}, "", "Pascal"},
      {".pp", {}, "", "Puppet"},
      {".t", {{".pm", 1}}, "", "Perl"},
      {".tpl", {}, "", ""},
      {".tpl", {{".php", 1}}, "", "Smarty"},
  };
  for (const Row& row : rows) {
    INFO(row.extension << " " << row.top_file << " " << row.want);
    Neighbours tree;
    for (const auto& [extension, count] : row.beside) tree.by_extension[extension] = count;
    tree.at_top = [&](std::string_view name) { return name == row.top_file; };
    CHECK(is_contested(row.extension));
    CHECK(named(decide_contested(row.extension, tree)) == row.want);
  }
  CHECK(!is_contested(".c"));
}

TEST_CASE("directories that hold others' work are known by whole names") {
  struct Row {
    const char* directory;
    Share share;
    bool weak;
    const char* rule;
  };
  const Row rows[] = {
      {"", Share::kSource, false, ""},
      {"src/lib", Share::kSource, false, ""},
      {"drivers/staging/vt6655", Share::kSource, false, ""},
      {"vendoring", Share::kSource, false, ""},
      {"deps/jemalloc/src", Share::kVendored, true, "deps"},
      {"src/deps", Share::kVendored, true, "src/deps"},
      {"web/node_modules/left-pad", Share::kVendored, false, "web/node_modules"},
      {"deps/x/node_modules", Share::kVendored, false, "deps/x/node_modules"},
      {"vendor/github.com/x", Share::kVendored, false, "vendor"},
      {"docs", Share::kDocumentation, false, "docs"},
      {"src/doc", Share::kSource, false, ""},
      {"Documentation/admin-guide", Share::kDocumentation, false, "Documentation"},
      {"tests/fixtures/a", Share::kVendored, true, "tests/fixtures"},
      {"fixtures", Share::kSource, false, ""},
      {"examples/x", Share::kDocumentation, true, "examples"},
      {"pkg/examples", Share::kSource, false, ""},
      {"dist", Share::kGenerated, true, "dist"},
  };
  for (const Row& row : rows) {
    INFO(row.directory);
    const PathClass found = classify_directory(row.directory);
    CHECK(found.share == row.share);
    CHECK(found.weak == row.weak);
    CHECK(found.rule == row.rule);
  }
}

TEST_CASE("generated, vendored and documentation files are known by name") {
  struct Row {
    const char* name;
    Share share;
  };
  const Row rows[] = {
      {"main.go", Share::kSource},
      {"api.pb.go", Share::kGenerated},
      {"package-lock.json", Share::kGenerated},
      {"Cargo.lock", Share::kGenerated},
      {"go.sum", Share::kGenerated},
      {"app.min.js", Share::kGenerated},
      {"Form1.Designer.cs", Share::kGenerated},
      {"schema_generated.h", Share::kGenerated},
      {"types.generated.ts", Share::kGenerated},
      {"zz_generated.deepcopy.go", Share::kGenerated},
      {"keymap.c_shipped", Share::kGenerated},
      {"gradlew", Share::kVendored},
      {"config.guess", Share::kVendored},
      {"jquery-3.7.1.js", Share::kVendored},
      {"jquery.js", Share::kVendored},
      {"jquery.plugin.js", Share::kSource},
      {"README", Share::kDocumentation},
      {"readme.md", Share::kDocumentation},
      {"README.ja.md", Share::kDocumentation},
      {"LICENSE-MIT", Share::kDocumentation},
      {"COPYING", Share::kDocumentation},
      {"install.py", Share::kSource},
      {"INSTALL.sh", Share::kSource},
      {"news.c", Share::kSource},
      {"CMakeLists.txt", Share::kSource},
      {"requirements.txt", Share::kSource},
      {"generated.c", Share::kSource},
      {"configure", Share::kSource},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(classify_name(row.name).share == row.share);
  }
  CHECK(siblings_that_generate("configure").size() == 2);
  CHECK(siblings_that_generate("configure.ac").empty());
}

TEST_CASE("manifests are known by name, suffix and place") {
  struct Row {
    const char* path;
    const char* kind;
    const char* build_system;
  };
  const Row rows[] = {
      {"package.json", "package.json", "npm"},
      {"web/app/package.json", "package.json", "npm"},
      {"src/App.csproj", "*.csproj", "MSBuild"},
      {".github/workflows/ci.yml", "GitHub Actions workflow", "GitHub Actions"},
      {".github/workflows/ci.yaml", "GitHub Actions workflow", "GitHub Actions"},
      {".github/workflows/sub/ci.yml", "", ""},
      {"x/.github/workflows/ci.yml", "", ""},
      {"Dockerfile.prod", "Dockerfile.*", "container image"},
      {"build.gradle.kts", "build.gradle.kts", "Gradle"},
      {"drivers/Kconfig", "Kconfig", "Kbuild"},
      {".csproj", "", ""},
      {"makefile.txt", "", ""},
  };
  for (const Row& row : rows) {
    INFO(row.path);
    const auto kind = find_manifest_kind(row.path);
    CHECK((kind ? std::string(manifest_kind(*kind).name()) : "") == row.kind);
    CHECK((kind ? std::string(manifest_kind(*kind).build_system) : "") == row.build_system);
  }
}

}  // namespace
}  // namespace quarry::analysis
