#include "server/analysis/project/frameworks.h"

#include <array>
#include <vector>

namespace quarry::analysis::project {

std::string_view name_of(FrameworkKind kind) {
  static constexpr std::array<std::string_view, 13> kNames = {
      "meta", "web",     "mobile", "desktop", "ui",    "static", "game",
      "data", "runtime", "cli",    "orm",     "build", "test"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::span<const FrameworkRow> frameworks() {
  static const std::vector<FrameworkRow> kAll = [] {
    std::vector<FrameworkRow> all;
    for (const auto rows :
         {javascript_frameworks(), backend_frameworks(), other_frameworks(), test_frameworks()}) {
      all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace quarry::analysis::project
