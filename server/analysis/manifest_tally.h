// ManifestTally: collects the manifests of a list of files by kind. Thread-compatible.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/path_class.h"
#include "server/analysis/report.h"
#include "server/git/client.h"

namespace quarry::analysis {

class ManifestTally {
 public:
  static constexpr std::size_t kMaxPaths = 20;  // kept of each kind

  // `below_top`: the path as the project's top sees it. Files that are no manifest do nothing.
  void add(const git::TrackedFile& file, std::string_view below_top, Share share);
  // Fills facts.manifests and facts.manifests_left_out.
  void finish(TreeFacts& facts);

 private:
  struct Found {
    std::size_t depth;
    std::string_view path;
  };
  std::map<std::size_t, std::vector<Found>> by_kind_;
  std::uint64_t left_out_ = 0;
};

}  // namespace quarry::analysis
