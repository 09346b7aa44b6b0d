#include "server/analysis/ecosystem/nx.h"

#include "server/analysis/ecosystem/reading.h"

namespace quarry::analysis::ecosystem {
namespace {

// What an executor runs, by the package that brings it, and with ':' by its whole name.
struct Executor {
  std::string_view package;
  std::string_view runs;
  Use use;
};
constexpr Executor kExecutors[] = {
    {"@angular-devkit/build-angular", "@angular/core", Use::kRuntime},
    {"@angular/build", "@angular/core", Use::kRuntime},
    {"@nx/angular", "@angular/core", Use::kRuntime},
    {"@nx/next", "next", Use::kRuntime},
    {"@nx/nuxt", "nuxt", Use::kRuntime},
    {"@nx/nest", "@nestjs/core", Use::kRuntime},
    {"@nx/express", "express", Use::kRuntime},
    {"@nx/react", "react", Use::kRuntime},
    {"@nx/react-native", "react-native", Use::kRuntime},
    {"@nx/expo", "expo", Use::kRuntime},
    {"@nx/remix", "@remix-run/react", Use::kRuntime},
    {"@nx/vue", "vue", Use::kRuntime},
    {"@nx/vite:test", "vitest", Use::kTest},
    {"@nx/vite", "vite", Use::kDev},
    {"@nx/webpack", "webpack", Use::kDev},
    {"@nx/jest", "jest", Use::kTest},
    {"@nx/cypress", "cypress", Use::kTest},
    {"@nx/playwright", "@playwright/test", Use::kTest},
    {"@nx/storybook", "storybook", Use::kDev},
    {"@angular-eslint/builder", "@angular/core", Use::kRuntime},
};

void add_executor(Facts& facts, std::string executor, std::uint32_t line) {
  // What nx was called before.
  if (executor.starts_with("@nrwl/")) executor.replace(0, 6, "@nx/");
  const std::string_view package = std::string_view(executor).substr(0, executor.find(':'));
  for (const Executor& one : kExecutors) {
    if (one.package != executor && one.package != package) continue;
    const auto known = [&](const Dependency& other) { return other.name == one.runs; };
    if (std::ranges::none_of(facts.dependencies, known)) {
      add_dependency(facts, one.runs, "", one.use, line);
    }
    return;
  }
}

}  // namespace

void read_nx_project(const Source& source, Facts& facts) {
  const Value root = manifest::parse_json(source.text).root;
  const Value& targets = root["targets"];
  if (!targets.is_map()) {
    facts.no_module = true;
    return;
  }
  facts.name = root["name"].text;
  for (const Value& target : targets.items) {
    const Value& executor = target["executor"];
    facts.scripts.push_back({target.name, executor.text, target.line});
    add_executor(facts, executor.text, executor.line);
    const Value& port = target["options"]["port"];
    if (const std::uint32_t number = manifest::leading_port(port.text); number > 0) {
      facts.ports.push_back({number, PortSource::kConfig, true, "", port.line});
    }
  }
}

}  // namespace quarry::analysis::ecosystem
