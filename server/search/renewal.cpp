#include "server/search/renewal.h"

#include <algorithm>

namespace quarry::search {
namespace {

using sandbox::Path;
using watch::Changes;

bool any_below(const Changes::Paths& paths, std::string_view directory) {
  if (directory.empty()) return !paths.empty();
  const auto itself = paths.lower_bound(directory);
  if (itself == paths.end()) return false;
  if (*itself == directory) return true;
  const std::string below = std::string(directory) + "/";
  const auto first = paths.lower_bound(below);
  return first != paths.end() && first->starts_with(below);
}

// Whether any directory on the way to `file` may be another one now.
bool on_the_way(std::string_view file, const Changes& changes) {
  for (std::string_view at = file; !at.empty();) {
    const std::size_t slash = at.rfind('/');
    at = slash == std::string_view::npos ? std::string_view() : at.substr(0, slash);
    if (changes.directories.contains(at) || changes.subtrees.contains(at)) return true;
  }
  return false;
}

// A directory whose rules lie in another one has changed when that one has.
void add_far_rules(const TreeNode& node, Changes& changes) {
  if (node.counts.far_rules == 0) return;
  if (node.listing->counts.far_rules > 0) {
    const std::vector<std::string>& files = node.listing->level->far_files;
    if (std::ranges::any_of(files,
                            [&](const std::string& file) { return on_the_way(file, changes); }))
      changes.add_directory(node.listing->path.text());
  }
  for (const auto& child : node.children) add_far_rules(*child, changes);
}

class Renewal {
 public:
  Renewal(const Changes& changes, const sandbox::Workspace& files, pool::Pool& pool,
          const Stop& stop)
      : changes_(changes), files_(files), pool_(pool), stop_(stop) {}

  // `old` as it is now, null when cut short. `parents`: the level that holds for it, unchanged.
  std::shared_ptr<const TreeNode> node(const TreeNode& old,
                                       const std::shared_ptr<const IgnoreLevel>& parents,
                                       int depth) {
    const Path& path = old.listing->path;
    if (changes_.subtrees.contains(path.text())) return subtree(path, parents, depth);
    std::shared_ptr<const Listing> listing = old.listing;
    const TreeNode* known = &old;  // whose children may be as they were
    if (changes_.directories.contains(path.text())) {
      auto fresh = std::make_shared<Listing>();
      if (!read_again(*fresh, path, parents, depth)) return nullptr;
      if (same_rules(*old.listing, *fresh, parents)) {
        fresh->level = old.listing->level;
      } else {
        known = nullptr;
      }
      if (fresh->inode != old.listing->inode) known = nullptr;
      listing = std::move(fresh);
    }
    std::vector<std::shared_ptr<const TreeNode>> children;
    for (const WalkEntry& entry : listing->entries) {
      if (entry.child < 0) continue;
      children.push_back(child(*listing, entry, known, depth + 1));
      if (children.back() == nullptr) return nullptr;
    }
    return TreeNode::make(std::move(listing), std::move(children));
  }

 private:
  bool read_again(Listing& fresh, const Path& path,
                  const std::shared_ptr<const IgnoreLevel>& parents, int depth) const {
    if (stop_.now()) return false;
    // A directory that is gone meanwhile is an empty one until its parent's change is told.
    (void)read_listing(files_, path, parents, {false, path.is_root(), WalkOptions::kMaxEntries},
                       stop_, fresh);
    (void)number_children(fresh, depth, WalkOptions::kMaxDepth);
    return !fresh.cut && !fresh.full;
  }

  static bool same_rules(const Listing& old, const Listing& fresh,
                         const std::shared_ptr<const IgnoreLevel>& parents) {
    if (old.worktree != fresh.worktree) return false;
    if (old.level == parents || fresh.level == parents) return old.level == fresh.level;
    return old.level->identity == fresh.level->identity &&
           old.level->far_files == fresh.level->far_files;
  }

  std::shared_ptr<const TreeNode> child(const Listing& listing, const WalkEntry& entry,
                                        const TreeNode* known, int depth) {
    const std::string_view name = listing.name(entry);
    if (known != nullptr) {
      const WalkEntry* before =
          known->listing.get() == &listing ? &entry : known->listing->find(name);
      if (before != nullptr && before->child >= 0) {
        const auto& old = known->children[static_cast<std::size_t>(before->child)];
        const std::string& path = old->listing->path.text();
        if (!any_below(changes_.directories, path) && !any_below(changes_.subtrees, path)) {
          return old;
        }
        return node(*old, listing.level, depth);
      }
    }
    return subtree(listing.path.child(name), listing.level, depth);
  }

  std::shared_ptr<const TreeNode> subtree(const Path& path,
                                          const std::shared_ptr<const IgnoreLevel>& parents,
                                          int depth) {
    const TreeStart start{path, parents, depth, path.is_root(), /*may_be_gone=*/true};
    auto reading = read_tree(files_, start, WalkOptions{}, pool_, stop_);
    if (!reading || reading->stopped || reading->full_at > 0) return nullptr;
    return std::move(reading->top);
  }

  const Changes& changes_;
  const sandbox::Workspace& files_;
  pool::Pool& pool_;
  const Stop& stop_;
};

constexpr std::size_t kEntriesALook = 1024;  // at the time

// The inodes in the changed directories that `tree` does not tell of. False when cut short.
bool add_unlisted(const TreeNode& tree, const Changes& changes, const sandbox::Workspace& files,
                  const Stop& stop, Inodes& inodes) {
  for (const std::string& directory : changes.directories) {
    const TreeNode* const node = tree.find(directory);
    if (node != nullptr && !node->listing->worktree) continue;
    if (stop.now()) return false;
    Path path;
    for (std::size_t at = 0; at < directory.size();) {
      const std::size_t end = std::min(directory.find('/', at), directory.size());
      path = path.child(std::string_view(directory).substr(at, end - at));
      at = end + 1;
    }
    auto opened = files.open_directory(path);
    if (!opened) continue;  // gone
    sandbox::Dir::Entry entry;
    for (std::size_t count = 1;; ++count) {
      const auto more = opened->next(entry);
      if (!more || !*more) break;
      if (count % kEntriesALook == 0 && stop.now()) return false;
      if (entry.kind == sandbox::Kind::kDirectory) continue;
      inodes.push_back(static_cast<std::uint32_t>(entry.inode));
    }
  }
  std::ranges::sort(inodes);
  inodes.erase(std::unique(inodes.begin(), inodes.end()), inodes.end());
  return true;
}

}  // namespace

std::shared_ptr<const TreeNode> renew(const TreeNode& top, Changes changes, Inodes& shared,
                                      const sandbox::Workspace& files, pool::Pool& pool,
                                      const Stop& stop) {
  add_far_rules(top, changes);
  auto next = Renewal(changes, files, pool, stop).node(top, nullptr, 1);
  if (next == nullptr) return nullptr;
  Inodes unlisted = std::move(changes.inodes);
  if (!add_unlisted(*next, changes, files, stop, unlisted)) return nullptr;
  const Difference difference(top, *next);
  const Inodes suspects = united(difference.suspects(shared), unlisted);
  if (suspects.empty()) return next;
  const std::vector<SharedPlace> places = places_of(suspects, *next);
  Inodes now_shared = shared;
  update_shared(now_shared, suspects, places);
  Changes others;
  others.clear();
  for (const SharedPlace& place : places) {
    if (!difference.fresh.contains(place.listing)) {
      others.directories.insert(place.listing->path.text());
    }
  }
  if (!others.empty()) {
    add_far_rules(*next, others);
    auto last = Renewal(others, files, pool, stop).node(*next, nullptr, 1);
    if (last == nullptr) return nullptr;
    // Other rules may have brought more names.
    const Inodes more = Difference(*next, *last).suspects({});
    update_shared(now_shared, more, places_of(more, *last));
    next = std::move(last);
  }
  shared = std::move(now_shared);
  return next;
}

}  // namespace quarry::search
