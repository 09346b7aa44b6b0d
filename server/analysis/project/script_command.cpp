#include "server/analysis/project/script_command.h"

namespace quarry::analysis::project {

using ecosystem::Role;

std::string runner_of(const Manifest& manifest, const Module& module, std::string_view npm) {
  const std::string_view of = manifest.reader->ecosystem;
  if (of == "npm") return npm == "yarn" ? "yarn" : std::string(npm) + " run";
  if (of == "deno") return "deno task";
  if (of == "nx") return "nx run " + manifest.facts.name + ":";
  if (of == "packagist") return "composer run";
  if (of == "pypi" && module.manager.name == "pdm") return "pdm run";
  if (of == "pypi" && module.manager.name == "pipenv") return "pipenv run";
  if (of == "pypi") return "poe";
  if (of == "rubygems") return "bundle exec rake";
  if (of == "make" || of == "just" || of == "task" || of == "nimble" || of == "ant") {
    return std::string(of);
  }
  if (of == "pub") return "melos run";
  if (of == "zig") return "zig build";
  if (manifest.reader->role == Role::kSettings) return "mise run";
  return {};
}

std::string script_command(const Manifest& manifest, const Module& module, std::string_view npm,
                           const ecosystem::Script& script) {
  std::string runner = script.runner.empty() ? runner_of(manifest, module, npm) : script.runner;
  if (manifest.reader->ecosystem == "npm" && npm == "npm" &&
      (script.name == "test" || script.name == "start")) {
    return "npm " + script.name;
  }
  if (runner.ends_with(':')) return runner + script.name;
  if (!runner.empty()) runner.push_back(' ');
  return runner + script.name;
}

}  // namespace quarry::analysis::project
