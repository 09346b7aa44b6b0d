#include "server/search/tree_node.h"

#include <algorithm>

namespace quarry::search {
namespace {

using sandbox::Kind;
using sandbox::Path;

constexpr std::size_t kFewDirectories = 4;  // not worth waking a worker for

// A directory while the tree is read.
struct Draft {
  Path path;
  std::shared_ptr<const IgnoreLevel> parents;
  int depth = 1;
  bool enter_worktree = false;
  std::shared_ptr<Listing> listing = std::make_shared<Listing>();
  std::vector<std::unique_ptr<Draft>> below;
  bool cut = false;

  std::shared_ptr<const TreeNode> finish() {
    std::vector<std::shared_ptr<const TreeNode>> children;
    children.reserve(below.size());
    for (const auto& draft : below) children.push_back(draft->finish());
    return TreeNode::make(std::move(listing), std::move(children));
  }
};

class TreeReader {
 public:
  TreeReader(const sandbox::Workspace& workspace, const WalkOptions& options, const Stop& stop)
      : workspace_(workspace), options_(options), stop_(stop) {}

  Result<void> read(Draft& draft) const {
    if (stop_.now()) {
      draft.cut = true;
      draft.listing->path = draft.path;
      return {};
    }
    const ListingOptions options{options_.include_ignored, draft.enter_worktree,
                                 options_.max_entries, options_.dated};
    auto result =
        read_listing(workspace_, draft.path, draft.parents, options, stop_, *draft.listing);
    draft.cut = draft.listing->cut;
    for (Path& path : number_children(*draft.listing, draft.depth, options_.depth)) {
      auto child = std::make_unique<Draft>();
      child->path = std::move(path);
      child->parents = draft.listing->level;
      child->depth = draft.depth + 1;
      draft.below.push_back(std::move(child));
    }
    return result;
  }

 private:
  const sandbox::Workspace& workspace_;
  const WalkOptions& options_;
  const Stop& stop_;
};

}  // namespace

std::vector<Path> number_children(Listing& listing, int depth, int levels) {
  std::vector<Path> paths;
  for (WalkEntry& entry : listing.entries) {
    if (entry.kind != Kind::kDirectory || entry.ignored) continue;
    const std::string_view name = listing.name(entry);
    if (depth + 1 > WalkOptions::kMaxDepth ||
        listing.path.text().size() + 1 + name.size() > Path::kMaxBytes) {
      ++listing.counts.too_deep;
      continue;
    }
    if (depth + 1 > levels) continue;
    entry.child = static_cast<std::int32_t>(paths.size());
    paths.push_back(listing.path.child(name));
  }
  return paths;
}

std::shared_ptr<const TreeNode> TreeNode::make(
    std::shared_ptr<const Listing> listing, std::vector<std::shared_ptr<const TreeNode>> children) {
  auto node = std::make_shared<TreeNode>();
  node->counts = listing->counts;
  node->counts.bytes += sizeof(TreeNode) + children.size() * sizeof(children[0]);
  for (const auto& child : children) node->counts += child->counts;
  node->listing = std::move(listing);
  node->children = std::move(children);
  return node;
}

const TreeNode* TreeNode::find(std::string_view path) const {
  const TreeNode* at = this;
  const std::string& base = listing->path.text();
  path.remove_prefix(std::min(base.empty() ? 0 : base.size() + 1, path.size()));
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const WalkEntry* entry = at->listing->find(path.substr(0, end));
    if (entry == nullptr || entry->child < 0) return nullptr;
    at = at->children[static_cast<std::size_t>(entry->child)].get();
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return at;
}

Result<TreeReading> read_tree(const sandbox::Workspace& workspace, const TreeStart& start,
                              const WalkOptions& options, pool::Pool& pool, const Stop& stop) {
  TreeReading reading;
  Draft top;
  top.path = start.path;
  top.parents = start.parents;
  top.depth = start.depth;
  top.enter_worktree = start.enter_worktree;
  const TreeReader reader(workspace, options, stop);
  if (auto opened = reader.read(top); !opened && !start.may_be_gone) {
    return Failure(std::move(opened).error());
  }
  std::size_t entries = top.listing->entries.size();
  reading.stopped = top.cut;
  bool full = top.listing->full;
  std::vector<Draft*> level;
  const auto gather = [&](Draft& draft, std::vector<Draft*>& into) {
    for (const auto& child : draft.below) into.push_back(child.get());
  };
  gather(top, level);
  while (!level.empty() && !reading.stopped && !full && entries < options.max_entries) {
    const auto read = [&](std::size_t i) { (void)reader.read(*level[i]); };
    if (level.size() < kFewDirectories) {
      for (std::size_t i = 0; i < level.size(); ++i) read(i);
    } else {
      pool.fork_join(level.size(), read);
    }
    std::vector<Draft*> next;
    for (Draft* const draft : level) {
      entries += draft->listing->entries.size();
      reading.stopped = reading.stopped || draft->cut;
      full = full || draft->listing->full;
      gather(*draft, next);
    }
    level = std::move(next);
  }
  if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");
  // What was not reached is a node without entries.
  for (Draft* const draft : level) draft->listing->path = draft->path;
  if (full || (!level.empty() && !reading.stopped)) {
    reading.full_at = options.max_entries;
  }
  reading.top = top.finish();
  return reading;
}

}  // namespace quarry::search
