#include "server/analysis/project/rust_application.h"

#include <algorithm>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::project {
namespace {

// What Cargo calls the program of an entry; "" when it is none.
std::string program_of(const Module& module, const EntryFact& entry) {
  if (entry.how.starts_with("bin ")) return entry.how.substr(4);
  std::string_view path = entry.path;
  if (path == "src/main.rs") return module.name.empty() ? "main" : module.name;
  constexpr std::string_view kFolder = "src/bin/";
  if (!path.starts_with(kFolder)) return {};
  path.remove_prefix(kFolder.size());
  return std::string(path.substr(0, std::min(path.find('/'), path.rfind('.'))));
}

bool has_default(const Draft& draft) {
  return std::ranges::any_of(draft.manifests, [&](const Manifest* one) {
    const auto& scripts = one->facts.scripts;
    return one->reader->ecosystem == "cargo" && one->directory == draft.directory &&
           std::ranges::find(scripts, ecosystem::kDefaultRun, &ecosystem::Script::name) !=
               scripts.end();
  });
}

// Of several programs the one that is called as the package is, else a server, which the others
// talk to; "" when neither is there.
std::string chosen_program(const Module& module) {
  std::string server;
  for (const EntryFact& one : module.entries) {
    std::string name = program_of(module, one);
    if (!name.empty() && name == module.name) return name;
    const bool serves = name == "server" || name.ends_with("-server") || name.ends_with("_server");
    if (serves && server.empty()) server = std::move(name);
  }
  return server;
}

}  // namespace

std::string start_of_rust(const Module& module, const Draft& draft, const EntryFact& entry) {
  const std::string name = program_of(module, entry);
  if (name.empty()) return {};
  const bool several = std::ranges::any_of(module.entries, [&](const EntryFact& other) {
    const std::string program = program_of(module, other);
    return !program.empty() && program != name;
  });
  if (!several || has_default(draft)) return "cargo run --release";
  const std::string chosen = chosen_program(module);
  return chosen.empty() || chosen == name ? "cargo run --release --bin " + name : "";
}

}  // namespace quarry::analysis::project
