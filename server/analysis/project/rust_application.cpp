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

}  // namespace

std::string start_of_rust(const Module& module, const Draft& draft, const EntryFact& entry) {
  const std::string name = program_of(module, entry);
  if (name.empty()) return {};
  const bool several = std::ranges::any_of(module.entries, [&](const EntryFact& other) {
    const std::string program = program_of(module, other);
    return !program.empty() && program != name;
  });
  return several && !has_default(draft) ? "cargo run --release --bin " + name
                                        : "cargo run --release";
}

}  // namespace quarry::analysis::project
