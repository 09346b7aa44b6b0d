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
      {"modules", run_project_part},
  }};
  return kParts;
}

Result<void> run_parts(std::span<const Part> parts, const PartInput& input, Report& report) {
  struct Outcome {
    std::optional<Error> error;
    std::vector<std::string> notes;
  };
  std::vector<Outcome> outcomes(parts.size());
  input.pool.fork_join(parts.size(), [&](std::size_t i) {
    auto done = parts[i].run(input, report, outcomes[i].notes);
    if (!done) outcomes[i].error = std::move(done).error();
  });
  TRY(input.cancel.check());
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
