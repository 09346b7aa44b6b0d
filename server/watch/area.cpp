#include "server/watch/area.h"

namespace quarry::watch {

Area area_below(Area parent, std::string_view name) {
  switch (parent) {
    case Area::kTree:
      return name == ".git" ? Area::kGit : Area::kTree;
    case Area::kGit:
      if (name == "info") return Area::kGitInfo;
      if (name == "refs") return Area::kGitRefs;
      if (name == "logs") return Area::kGitLogs;
      if (name == "worktrees") return Area::kGitWorktrees;
      return Area::kSkipped;
    case Area::kGitRefs:
      return Area::kGitRefs;
    case Area::kGitLogs:
      return name == "refs" ? Area::kGitLeaf : Area::kSkipped;
    case Area::kGitWorktrees:
      return Area::kGitLeaf;
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
    default:
      return {false, true};
  }
}

bool leads_away(Area area, std::string_view name, bool link) {
  if (area == Area::kTree) return false;
  if (area == Area::kGit && name == "commondir") return true;
  return link && !(area == Area::kGit && name == "hooks");
}

}  // namespace quarry::watch
