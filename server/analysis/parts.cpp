#include <array>
#include <optional>

#include "server/analysis/language_part.h"
#include "server/analysis/manifest_part.h"
#include "server/analysis/part.h"
#include "server/analysis/project_part.h"

namespace quarry::analysis {

std::span<const Part> all_parts() {
  static constexpr std::array<Part, 3> kParts = {{
      {"languages", run_language_part},
      {"manifests", run_manifest_part},
      {"modules", run_project_part, 1},  // goes by the languages of files
  }};
  return kParts;
}

Result<void> run_parts(std::span<const Part> parts, const PartInput& input, Report& report) {
  struct Outcome {
    std::optional<Error> error;
    std::vector<std::string> notes;
  };
  std::vector<Outcome> outcomes(parts.size());
  for (std::size_t first = 0; first < parts.size();) {
    std::size_t end = first;
    while (end < parts.size() && parts[end].stage == parts[first].stage) ++end;
    input.pool.fork_join(end - first, [&](std::size_t i) {
      auto done = parts[first + i].run(input, report, outcomes[first + i].notes);
      if (!done) outcomes[first + i].error = std::move(done).error();
    });
    TRY(input.cancel.check());
    first = end;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::string& note : outcomes[i].notes) report.tree.notes.push_back(std::move(note));
    if (!outcomes[i].error) continue;
    report.repeatable = false;
    report.notes.push_back(std::string(parts[i].name) +
                           " are missing: " + outcomes[i].error->message);
  }
  return {};
}

}  // namespace quarry::analysis
