#include "server/analysis/manifest_part.h"

#include "server/analysis/manifest_tally.h"

namespace quarry::analysis {

Result<void> run_manifest_part(const PartInput& input, Report& report,
                               std::vector<std::string>& /*notes*/) {
  ManifestMemory& known = input.memory.manifests;
  // Names are all that it goes by.
  if (input.changed != nullptr) {
    report.tree.manifests = known.manifests;
    report.tree.manifests_left_out = known.left_out;
    return {};
  }
  const FileIndex& index = input.survey.index;
  ManifestTally manifests;
  for (std::size_t i = 0; i < index.files().size(); ++i) {
    const git::TrackedFile& file = index.files()[i];
    if (!is_regular(file)) continue;
    manifests.add(file, index.below_top(file.path), input.survey.classes[i].share);
  }
  manifests.finish(report.tree);
  known = {report.tree.manifests, report.tree.manifests_left_out};
  return {};
}

}  // namespace quarry::analysis
