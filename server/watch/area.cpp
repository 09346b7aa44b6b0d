#include "server/watch/area.h"

#include <algorithm>
#include <array>

namespace quarry::watch {
namespace {

// A submodule's name may have several parts, such as src/hooks or src/objects: of what its git
// directory has of its own only what is large is left out.
constexpr auto kLarge = std::to_array<std::string_view>({"lfs", "objects"});

}  // namespace

Area area_below(Area parent, std::string_view name) {
  switch (parent) {
    case Area::kTree:
      return name == ".git" ? Area::kGit : Area::kTree;
    case Area::kGit:
      if (name == "info") return Area::kGitInfo;
      if (name == "refs") return Area::kGitRefs;
      if (name == "logs") return Area::kGitLogs;
      if (name == "worktrees") return Area::kGitWorktrees;
      if (name == "modules") return Area::kGitModules;
      return Area::kSkipped;
    case Area::kGitRefs:
      return Area::kGitRefs;
    case Area::kGitLogs:
      return name == "refs" ? Area::kGitLeaf : Area::kSkipped;
    case Area::kGitWorktrees:
      return Area::kGitLeaf;
    case Area::kGitModules:
      return Area::kGitModule;
    case Area::kGitModule:
      if (name == "modules") return Area::kGitModules;
      return std::ranges::find(kLarge, name) == kLarge.end() ? Area::kGitModule : Area::kGitStore;
    case Area::kGitStore:
    case Area::kGitInfo:
    case Area::kGitLeaf:
    case Area::kSkipped:
      break;
  }
  return Area::kSkipped;
}

Counts counts_for(Area area, std::string_view name) {
  switch (area) {
    case Area::kTree:
      return {true, name == ".git"};
    case Area::kGit:
      return {name == "info" || name == "config", true};
    case Area::kGitInfo:
      return {name == "exclude" || name.empty(), true};
    case Area::kGitModules:
    case Area::kGitModule:
      if (name == "exclude") return {true, true};
      return {name == "info" || name == "config", false};
    default:
      return {false, true};
  }
}

bool leads_away(Area area, std::string_view name, bool link) {
  if (area == Area::kTree || of_submodules(area)) return false;
  if (area == Area::kGit && name == "commondir") return true;
  return link && !(area == Area::kGit && name == "hooks");
}

}  // namespace quarry::watch
