// The tree below a directory, from the catalogue where it is current and from disk otherwise. The
// answer is the same either way.
//
// A directory that is named is looked at whatever the rules say of it. Where they leave out each of
// its entries (a virtual environment or a build directory whose own `.gitignore` is `*`, sources
// that were unpacked from a package) they are not asked, as with include_ignored, and a note says
// so: "no such code" would be true of nothing but the rules. Safe from any thread.

#pragma once

#include <string_view>

#include "server/search/catalogue.h"
#include "server/search/engine.h"
#include "server/search/walk.h"

namespace quarry::search {

inline constexpr std::string_view kRulesPassedBy =
    "the ignore rules leave out all of it, so they were not applied";

// Whether that is so of `top`, which was read as `options` say; they ask no rules then.
bool pass_rules_by(const TreeNode& top, WalkOptions& options);

struct KnownTree {
  std::shared_ptr<const TreeNode> tree;
  const TreeNode* top = nullptr;   // of the directory; within `tree`
  std::vector<std::string> notes;  // about the ignore rules that hold for it
  bool stopped = false;
  std::size_t full_at = 0;
};

// An error only when the directory cannot be opened at all.
Result<KnownTree> known_tree(const Engine& engine, const sandbox::Path& start,
                             const WalkOptions& options, const Stop& stop, Effort effort);
Result<Walk> known_walk(const Engine& engine, const sandbox::Path& start,
                        const WalkOptions& options, const Stop& stop);

}  // namespace quarry::search
