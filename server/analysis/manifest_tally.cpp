#include "server/analysis/manifest_tally.h"

#include <algorithm>
#include <tuple>

#include "server/analysis/manifests.h"

namespace quarry::analysis {

void ManifestTally::add(const git::TrackedFile& file, std::string_view below_top, Share share) {
  const auto kind = find_manifest_kind(below_top);
  if (!kind) return;
  // project.pbxproj is generated and tells the build system all the same.
  const bool own =
      share == Share::kSource || (share == Share::kGenerated && below_top.ends_with(".pbxproj"));
  if (!own) {
    ++left_out_;
    return;
  }
  const auto depth = static_cast<std::size_t>(std::ranges::count(below_top, '/'));
  by_kind_[*kind].push_back({depth, file.path});
}

void ManifestTally::finish(TreeFacts& facts) {
  struct Ranked {
    ManifestRole role;
    std::size_t depth;
    std::size_t kind;
    ManifestFact fact;
  };
  std::vector<Ranked> ranked;
  for (auto& [index, found] : by_kind_) {
    const ManifestKind& kind = manifest_kind(index);
    std::ranges::sort(found, {}, [](const Found& one) { return std::tie(one.depth, one.path); });
    // Two patterns of one kind (*.yml and *.yaml) are one row.
    auto row = std::ranges::find_if(
        ranked, [&](const Ranked& one) { return one.fact.kind == kind.name(); });
    if (row == ranked.end()) {
      ManifestFact fact;
      fact.kind = kind.name();
      fact.build_system = kind.build_system;
      fact.role = name_of(kind.role);
      row = ranked.insert(row, {kind.role, found.front().depth, index, std::move(fact)});
    }
    row->depth = std::min(row->depth, found.front().depth);
    ManifestFact& fact = row->fact;
    fact.count += found.size();
    for (const Found& one : found) {
      if (fact.paths.size() == kMaxPaths) break;
      fact.paths.emplace_back(one.path);
    }
  }
  std::ranges::sort(ranked, {},
                    [](const Ranked& one) { return std::tie(one.role, one.depth, one.kind); });
  for (Ranked& one : ranked) facts.manifests.push_back(std::move(one.fact));
  facts.manifests_left_out = left_out_;
}

}  // namespace quarry::analysis
