#include "server/search/with_ignored.h"

#include <algorithm>

namespace quarry::search {
namespace {

using sandbox::Path;

// Whether the rules changed nothing in a tree, nor said anything of it.
bool untouched(const EntryCounts& counts) {
  return counts.ignored_files + counts.ignored_directories + counts.worktrees + counts.noted == 0;
}

// The listing with every entry taken.
std::shared_ptr<Listing> take_all(const Listing& listing, std::int64_t now_ns) {
  auto all = std::make_shared<Listing>();
  all->path = listing.path;
  all->read = listing.read;
  all->unreadable = listing.unreadable;
  all->unsure = listing.unsure;
  all->inode = listing.inode;
  all->entries = listing.entries;
  all->names = listing.names;
  for (WalkEntry& entry : all->entries) {
    entry.ignored = false;
    entry.child = -1;
  }
  all->times.begin(all->entries.size());
  const std::int64_t asked_ns = listing.times.since_ns();
  for (std::size_t i = 0; i < all->entries.size(); ++i) {
    const std::int64_t known = listing.times.get(i, now_ns);
    if (known != KeptTimes::kNone) all->times.keep(i, known, asked_ns);
  }
  all->count();
  return all;
}

class WithIgnored {
 public:
  WithIgnored(const sandbox::Workspace& workspace, const WalkOptions& options, pool::Pool& pool,
              const Stop& stop)
      : workspace_(workspace), options_(options), pool_(pool), stop_(stop) {}

  // `depth`: of the node, below where the reading starts.
  std::shared_ptr<const TreeNode> node(const std::shared_ptr<const TreeNode>& known, int depth) {
    if (depth > options_.depth || untouched(known->counts)) return known;
    if (known->listing->worktree) return read(known->listing->path, depth);
    auto listing = take_all(*known->listing, stop_.steady_ns());
    const std::vector<Path> paths = number_children(*listing, depth, options_.depth);
    std::vector<std::shared_ptr<const TreeNode>> children;
    children.reserve(paths.size());
    for (std::size_t i = 0; i < listing->entries.size(); ++i) {
      if (listing->entries[i].child < 0) continue;
      const std::int32_t before = known->listing->entries[i].child;
      children.push_back(before >= 0
                             ? node(known->children[static_cast<std::size_t>(before)], depth + 1)
                             : read(paths[children.size()], depth + 1));
      if (children.back() == nullptr) return nullptr;
    }
    return TreeNode::make(std::move(listing), std::move(children));
  }

 private:
  std::shared_ptr<const TreeNode> read(const Path& path, int depth) {
    const TreeStart start{path, nullptr, depth, /*enter_worktree=*/true, /*may_be_gone=*/true};
    auto reading = read_tree(workspace_, start, options_, pool_, stop_);
    if (!reading || reading->stopped || reading->full_at > 0) return nullptr;
    return std::move(reading->top);
  }

  const sandbox::Workspace& workspace_;
  const WalkOptions& options_;
  pool::Pool& pool_;
  const Stop& stop_;
};

}  // namespace

std::shared_ptr<const TreeNode> with_ignored(const std::shared_ptr<const TreeNode>& top,
                                             const sandbox::Workspace& workspace,
                                             const WalkOptions& options, pool::Pool& pool,
                                             const Stop& stop) {
  auto all = WithIgnored(workspace, options, pool, stop).node(top, 1);
  if (all != nullptr && all->counts.entries >= options.max_entries) return nullptr;
  return all;
}

}  // namespace quarry::search
