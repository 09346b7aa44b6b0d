#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "server/analysis/fact_cache.h"
#include "server/analysis/manifest/text.h"
#include "server/analysis/part.h"
#include "server/analysis/project/facts_text.h"
#include "tests/analysis/fake_contents.h"
#include "tests/analysis/project_fixture.h"

namespace quarry::analysis::project {

namespace {

// Sources of a size are programs where their names say so.
std::string_view beginning_of(std::string_view path) {
  if (path.ends_with("main.go")) return "package main\nfunc main() {\n}\n";
  if (path.ends_with("App.java")) return "class App { static void main(String[] a) { } }\n";
  if (path.ends_with("App.kt")) return "fun main() { }\n";
  if (path.ends_with(".gleam")) return "pub fn main() { Nil }\n";
  return {};
}

}  // namespace

std::vector<Case> parse_cases(std::string_view text) {
  std::vector<Case> cases;
  std::string* file = nullptr;
  manifest::for_each_line(text, [&](std::string_view line, std::uint32_t) {
    if (line.starts_with("== ")) {
      cases.push_back({std::string(line.substr(3)), {}, {}, {}});
      file = nullptr;
    } else if (cases.empty()) {
      return;
    } else if (line.starts_with("--- ")) {
      const auto words = manifest::words(line.substr(4));
      file = &cases.back().files[std::string(words[0])];
      if (words.size() > 1 && words[1].starts_with('*')) {
        const std::size_t size = std::stoul(std::string(words[1].substr(1)));
        file->assign(beginning_of(words[0]));
        while (file->size() < size) file->append("some words\n");
        file->resize(size);
        file = nullptr;
      }
    } else if (line.starts_with("?! ")) {
      cases.back().excluded.emplace_back(line.substr(3));
    } else if (line.starts_with("? ")) {
      cases.back().expected.emplace_back(line.substr(2));
    } else if (file != nullptr) {
      file->append(line).push_back('\n');
    }
  });
  return cases;
}

Project project_of(const std::map<std::string, std::string>& files,
                   const std::set<std::string>& links) {
  SystemClock clock;
  const CancelToken cancel(clock);
  pool::Pool pool({.workers = 0});
  const auto store = store::Store::in_memory();
  const test::FakeContents contents(files);
  FactCache cache(*store, contents, "root", FactCache::Origin::kWorkingTree, /*refresh=*/false);
  std::vector<git::TrackedFile> tracked;
  for (const auto& [path, content] : files) {
    tracked.push_back({path, links.contains(path) ? kSymlinkMode : kPlainMode, content.size(), ""});
  }
  auto survey = make_survey(FileIndex(std::move(tracked), ""), contents, pool, cancel);
  REQUIRE(survey);
  Report first;
  Report report;
  // As they are read, then as a cache has kept them.
  for (Report* into : {&first, &report}) {
    PartMemory memory;
    REQUIRE(run_parts(all_parts(), {*survey, contents, cache, pool, cancel, memory}, *into));
    CHECK(into->notes.empty());
  }
  CHECK(fact_lines(first.project) == fact_lines(report.project));
  return report.project;
}

namespace {

void check(const Case& one) {
  INFO(one.name);
  const std::vector<std::string> lines = fact_lines(project_of(one.files));
  std::string all;
  for (const std::string& line : lines) all.append("\n    ").append(line);
  const auto found = [&](const std::string& pattern) {
    return std::ranges::any_of(
        lines, [&](const std::string& line) { return manifest::matches(pattern, line); });
  };
  std::string wrong;
  for (const std::string& pattern : one.expected) {
    if (!found(pattern)) wrong.append("\n  missing: ").append(pattern);
  }
  for (const std::string& pattern : one.excluded) {
    if (found(pattern)) wrong.append("\n  must not be: ").append(pattern);
  }
  if (!wrong.empty()) FAIL_CHECK(one.name << wrong << "\n  facts:" << all);
  CHECK(!one.expected.empty());
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST_CASE("projects: each described project has the facts that are expected of it") {
  const std::filesystem::path folder = QUARRY_PROJECT_CASES;
  std::size_t count = 0;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& path : files) {
    INFO(path.filename().string());
    for (const Case& one : parse_cases(content_of(path))) {
      check(one);
      ++count;
    }
  }
  CHECK(count >= 300);
}

// The facts of a module that do not say where they were seen.
std::string without_evidence(const Module& module) {
  std::string found;
  const auto check = [&](std::string_view kind, const std::string& name, const Evidence& at) {
    if (at.path.empty()) found.append("\n  ").append(kind).append(" ").append(name);
  };
  for (const CommandFact& one : module.commands) check("command", one.text, one.at);
  for (const PortFact& one : module.ports) check("port", std::to_string(one.number), one.at);
  for (const EntryFact& one : module.entries) check("entry", one.path, one.at);
  for (const DependencyFact& one : module.dependencies) check("dependency", one.name, one.at);
  for (const FrameworkFact& one : module.frameworks) check("framework", one.name, one.at);
  for (const ServiceFact& one : module.services) check("service", one.name, one.at);
  for (const VariableFact& one : module.variables) check("variable", one.name, one.at);
  for (const Named& one : module.build_systems) check("system", one.name, one.at);
  if (!module.runtime.version.empty()) check("version", module.runtime.name, module.runtime.at);
  if (!module.licence.name.empty()) check("licence", module.licence.name, module.licence.at);
  return found;
}

TEST_CASE("projects: every fact of the described projects says where it was seen") {
  for (const auto& entry : std::filesystem::directory_iterator(QUARRY_PROJECT_CASES)) {
    for (const Case& one : parse_cases(content_of(entry.path()))) {
      const Project project = project_of(one.files);
      for (const auto& module : project.modules) {
        const std::string missing = without_evidence(*module);
        if (!missing.empty()) FAIL_CHECK(one.name << ", " << module->path << missing);
      }
    }
  }
}

TEST_CASE("projects: a manifest that is a symbolic link is told as not read") {
  const std::map<std::string, std::string> files = {
      {"package.json", "/etc/passwd"}, {"LICENSE", "../LICENSE"}, {"a.js", "1;\n"}};
  const Project project = project_of(files, {"package.json", "LICENSE"});
  REQUIRE(project.findings.size() == 1);
  CHECK(project.findings[0].at.path == "package.json");
  CHECK(project.findings[0].message == "not read, a symbolic link");
  CHECK(project.main_module()->ecosystem.empty());
}

// Adding a row without describing a project that it is found in fails here.
TEST_CASE("projects: every framework of the tables is expected of a described project") {
  std::string expected;
  for (const auto& entry : std::filesystem::directory_iterator(QUARRY_PROJECT_CASES)) {
    for (const Case& one : parse_cases(content_of(entry.path()))) {
      for (const std::string& fact : one.expected) expected.append(fact).append(" \n");
    }
  }
  for (const FrameworkRow& row : frameworks()) {
    INFO(row.name);
    const std::string name(row.name);
    CHECK((expected.contains(" framework " + name + " ") ||
           expected.contains(" primary " + name + " ")));
  }
}

// The same of ecosystems: a reader of modules that no project is read with is not known to work.
TEST_CASE("projects: every kind of module manifest is part of a described project") {
  std::set<std::string_view> read;
  for (const auto& entry : std::filesystem::directory_iterator(QUARRY_PROJECT_CASES)) {
    for (const Case& one : parse_cases(content_of(entry.path()))) {
      for (const auto& [path, content] : one.files) {
        const ecosystem::Reader* reader = ecosystem::find_reader(path);
        if (reader != nullptr) read.insert(reader->pattern);
      }
    }
  }
  for (const auto readers :
       {ecosystem::javascript_readers(), ecosystem::python_readers(), ecosystem::go_readers(),
        ecosystem::rust_readers(), ecosystem::maven_readers(), ecosystem::gradle_readers(),
        ecosystem::jvm_readers(), ecosystem::dotnet_readers(), ecosystem::php_readers(),
        ecosystem::ruby_readers(), ecosystem::native_readers(), ecosystem::native_package_readers(),
        ecosystem::beam_readers(), ecosystem::swift_readers(), ecosystem::dart_readers(),
        ecosystem::functional_readers(), ecosystem::small_readers(),
        ecosystem::infrastructure_readers()}) {
    for (const ecosystem::Reader& reader : readers) {
      INFO(reader.pattern);
      const bool tells =
          reader.role == ecosystem::Role::kModule || reader.role == ecosystem::Role::kLock;
      CHECK((!tells || read.contains(reader.pattern)));
    }
  }
}

}  // namespace
}  // namespace quarry::analysis::project
