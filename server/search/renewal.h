// renew(): the next state of a tree from the last one and what has changed.
//
// Directories that changed are read again, directories that are new are read with all below them,
// and so is everything below a directory whose ignore rules are others than before. The rest is
// shared. Safe from any thread.

#pragma once

#include <memory>

#include "server/search/tree_node.h"
#include "server/watch/changes.h"

namespace quarry::search {

// `top` is the root's node. Null when `stop` cut it short, or there are more entries than may be.
std::shared_ptr<const TreeNode> renew(const TreeNode& top, watch::Changes changes,
                                      const sandbox::Workspace& files, pool::Pool& pool,
                                      const Stop& stop);

}  // namespace quarry::search
