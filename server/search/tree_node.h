// TreeNode: a tree of Listings, shared where it has not changed: a new state of a tree copies the
// nodes on the way to what changed and nothing else.
//
// read_tree() reads one from disk, level by level, on as many threads as there are. Directories are
// opened one at a time, never through a symlink that was found on the way, at most kMaxDepth below
// the root of the reading; mount points are crossed. An ignored directory is an entry that was not
// entered. The result does not depend on the number of threads.
//
// Immutable; const members are safe from any thread.

#pragma once

#include <memory>
#include <vector>

#include "server/base/limits.h"
#include "server/pool/pool.h"
#include "server/search/listing.h"

namespace quarry::search {

struct WalkOptions {
  static constexpr int kMaxDepth = standard<int>(Limit::kSearchDepth);
  static constexpr std::size_t kMaxEntries = standard<std::size_t>(Limit::kSearchEntries);

  bool include_ignored = false;  // ask no rules
  int depth = kMaxDepth;         // levels of directories that are read
  std::size_t max_entries = kMaxEntries;
  const Wanted* dated = nullptr;  // files to date on the way; null: none
};

struct TreeNode {
  // Owners: every state of the tree that holds it.
  std::shared_ptr<const Listing> listing;
  std::vector<std::shared_ptr<const TreeNode>> children;
  EntryCounts counts;  // of the listing and of all below

  // The node `listing` with `children`, which its entries' child numbers name.
  static std::shared_ptr<const TreeNode> make(
      std::shared_ptr<const Listing> listing,
      std::vector<std::shared_ptr<const TreeNode>> children);
  // The node of the directory `path`, below this one's; null when none was read there.
  const TreeNode* find(std::string_view path) const;
};

struct TreeReading {
  std::shared_ptr<const TreeNode> top;
  bool stopped = false;     // cancelled, or out of time: there is more
  std::size_t full_at = 0;  // not 0: so many entries were read and there is more
};

struct TreeStart {
  sandbox::Path path;
  std::shared_ptr<const IgnoreLevel> parents;  // the level that holds for `path` itself
  int depth = 1;                               // that it counts as
  bool enter_worktree = true;
  bool may_be_gone = false;  // what cannot be opened is a node without entries, and no error
};

// An error when the start cannot be opened, or on cancellation.
Result<TreeReading> read_tree(const sandbox::Workspace& workspace, const TreeStart& start,
                              const WalkOptions& options, pool::Pool& pool, const Stop& stop);

// Sets the child numbers of a listing's directories that are to be entered, counts those that lie
// too deep to be, and returns the former, in order. `depth`: of the listing.
std::vector<sandbox::Path> number_children(Listing& listing, int depth, int levels);

}  // namespace quarry::search
