#include "server/analysis/manifest_part.h"

#include "server/analysis/manifest_tally.h"

namespace quarry::analysis {

Result<void> run_manifest_part(const PartInput& input, Report& report,
                               std::vector<std::string>& /*notes*/) {
  const FileIndex& index = input.survey.index;
  ManifestTally manifests;
  for (std::size_t i = 0; i < index.files().size(); ++i) {
    const git::TrackedFile& file = index.files()[i];
    if (!is_regular(file)) continue;
    manifests.add(file, index.below_top(file.path), input.survey.classes[i].share);
  }
  manifests.finish(report.tree);
  return {};
}

}  // namespace quarry::analysis
