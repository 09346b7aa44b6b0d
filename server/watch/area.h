// Area: what a directory is to the watch: part of the tree, or which part of a git directory.
//
// Every directory of the tree counts, ignored ones too. Of a git directory those count that hold a
// repository's state; objects, hooks and the like do not. Of the git directories of its submodules,
// which it holds, those count that say what is ignored. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

namespace quarry::watch {

enum class Area : std::uint8_t {
  kTree,
  kGit,           // a directory named .git
  kGitInfo,       // its info/
  kGitRefs,       // its refs/ and all below
  kGitLogs,       // its logs/
  kGitWorktrees,  // its worktrees/
  kGitLeaf,       // logs/refs/ and worktrees/<name>/
  kGitModules,    // modules/, in its own and in those below
  kGitModule,  // of modules/: a submodule's git directory or what is in it, or a part of its name
  kGitStore,   // what may be its objects/ or lfs/, which are large, or a part of its name too
  kSkipped,    // does not count, nor what lies below
};

// The area of the directory `name` in a directory of area `parent`.
Area area_below(Area parent, std::string_view name);

// What a directory of that area is after all; `beside`: the names that lie beside it.
template <class Beside>
Area settled_area(Area area, const Beside& beside) {
  if (area != Area::kGitStore) return area;
  return beside("HEAD") ? Area::kSkipped : Area::kGitModule;
}

// Whether an entry `name` of a directory of that area counts for the tree, for git. An empty name
// is the directory itself.
struct Counts {
  bool tree;
  bool git;
};
Counts counts_for(Area area, std::string_view name);

// Whether a directory of that area may bring ignore rules of a submodule with it.
inline bool of_submodules(Area area) {
  return area == Area::kGitModules || area == Area::kGitModule || area == Area::kGitStore;
}

// Whether an entry that is no plain directory or file, or this very name, means that git's state
// lies elsewhere too. `link`: it is a symlink.
bool leads_away(Area area, std::string_view name, bool link);

}  // namespace quarry::watch
