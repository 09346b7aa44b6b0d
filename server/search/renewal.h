// renew(): the next state of a tree from the last one and what has changed.
//
// Directories that changed are read again, directories that are new are read with all below them,
// and so is everything below a directory whose ignore rules are others than before. The rest is
// shared.
//
// A change is told under one name of a file: a directory where the file has another name has
// changed too. Of a name in a directory that the tree does not hold, an ignored one for instance,
// that is known while the name is there.
//
// Safe from any thread.

#pragma once

#include <memory>

#include "server/search/shared_files.h"
#include "server/watch/changes.h"

namespace quarry::search {

// `top` is the root's node, `shared` its shared_files(), which become those of the result. Null,
// and `shared` as it was, when `stop` cut it short, or there are more entries than may be.
std::shared_ptr<const TreeNode> renew(const TreeNode& top, watch::Changes changes, Inodes& shared,
                                      const sandbox::Workspace& files, pool::Pool& pool,
                                      const Stop& stop);

}  // namespace quarry::search
