// The tree below a directory, from the catalogue where it is current and from disk otherwise. The
// answer is the same either way. Safe from any thread.

#pragma once

#include "server/search/catalogue.h"
#include "server/search/engine.h"
#include "server/search/walk.h"

namespace quarry::search {

struct KnownTree {
  std::shared_ptr<const TreeNode> tree;
  const TreeNode* top = nullptr;   // of the directory; within `tree`
  std::vector<std::string> notes;  // about ignore files above it
  bool stopped = false;
  std::size_t full_at = 0;
};

// An error only when the directory cannot be opened at all.
Result<KnownTree> known_tree(const Engine& engine, const sandbox::Path& start,
                             const WalkOptions& options, const Stop& stop, Effort effort);
Result<Walk> known_walk(const Engine& engine, const sandbox::Path& start,
                        const WalkOptions& options, const Stop& stop);

}  // namespace quarry::search
