#include "server/analysis/project/project.h"

#include <algorithm>
#include <array>

namespace quarry::analysis::project {

std::string Evidence::text() const {
  return line == 0 ? path : path + ":" + std::to_string(line);
}

std::string_view name_of(CommandRole role) {
  static constexpr std::array<std::string_view, 6> kNames = {"install", "build", "test",
                                                             "lint",    "dev",   "start"};
  return kNames[static_cast<std::size_t>(role)];
}

const FrameworkFact* Module::primary_framework() const {
  for (const FrameworkFact& one : frameworks) {
    // A bundler without a server of its own is a tool.
    const bool tool = one.kind == FrameworkKind::kBuild && one.port == 0;
    if (one.kind != FrameworkKind::kTest && one.kind != FrameworkKind::kOrm && !tool) return &one;
  }
  return nullptr;
}

const CommandFact* Module::command(CommandRole role) const {
  const auto found = std::ranges::find(commands, role, &CommandFact::role);
  return found == commands.end() ? nullptr : &*found;
}

const PortFact* Module::port() const {
  const auto found = std::ranges::find(ports, true, &PortFact::own);
  return found == ports.end() ? nullptr : &*found;
}

std::vector<const Module*> Project::by_weight() const {
  std::vector<const Module*> all;
  all.reserve(modules.size());
  for (const auto& one : modules) all.push_back(one.get());
  std::stable_partition(all.begin(), all.end(),
                        [](const Module* one) { return one->aside.empty(); });
  return all;
}

namespace {

// What runs as it is written.
bool is_interpreted(const Module& module) {
  constexpr auto kLanguages = std::to_array<std::string_view>(
      {"Python", "PHP", "Ruby", "Perl", "Lua", "R", "Julia", "JavaScript", "Shell", "Raku", "Tcl",
       "PowerShell", "Emacs Lisp", "Vim Script", "HCL"});
  const bool direct = module.language == "TypeScript" &&
                      (module.ecosystem == "deno" || module.manager.name == "bun");
  return direct || std::ranges::find(kLanguages, module.language) != kLanguages.end();
}

// Where dependencies have a form to be seen in, and there are none.
bool needs_no_lock(const Module& module) {
  return !module.manager.name.empty() &&
         std::ranges::none_of(module.dependencies, [](const DependencyFact& one) {
           return one.use != ecosystem::Use::kPlugin && one.use != ecosystem::Use::kBuild;
         });
}

}  // namespace

Readiness readiness_of(const Project& project) {
  Readiness readiness;
  const Module* module = project.main_module();
  if (module == nullptr) return readiness;
  const auto add = [&](bool holds, int points, const std::string& yes, std::string_view no) {
    readiness.reasons.push_back({holds ? points : 0, holds ? yes : std::string(no)});
    if (holds) readiness.score += points;
  };
  add(!module->image.empty(), 20, "has a Dockerfile", "no Dockerfile");
  add(!module->language.empty() && !module->runtime.version.empty(), 15,
      "the version of the language is told", "the version of the language is not told");
  const bool build = module->command(CommandRole::kBuild) != nullptr;
  add(build || is_interpreted(*module), 15,
      build ? "the build command is known"
            : "no build is needed: " + module->language + " runs as it is",
      "no build command found");
  add(module->command(CommandRole::kStart) != nullptr, 20, "the start command is known",
      "no start command found");
  add(module->port() != nullptr, 10, "the port is known", "no port found");
  const bool locked = !module->lock.path.empty();
  add(locked || needs_no_lock(*module), 10,
      locked ? "dependencies are locked by " + module->lock.path : "no dependencies to lock",
      "no lock file");
  add(module->ignores, 5, "has a .dockerignore", "no .dockerignore");
  add(module->command(CommandRole::kTest) != nullptr, 5, "the test command is known",
      "no test command found");
  return readiness;
}

}  // namespace quarry::analysis::project
