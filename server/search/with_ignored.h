// The tree of a catalogue with what its rules leave out.

#pragma once

#include <memory>

#include "server/search/tree_node.h"

namespace quarry::search {

// `top` as read_tree() with options.include_ignored reads it. What no rule touches is shared with
// `top`, what some rule leaves out is read from disk. Null when that was cut short or is too much.
std::shared_ptr<const TreeNode> with_ignored(const std::shared_ptr<const TreeNode>& top,
                                             const sandbox::Workspace& workspace,
                                             const WalkOptions& options, pool::Pool& pool,
                                             const Stop& stop);

}  // namespace quarry::search
