#include "server/analysis/last_look.h"

#include <algorithm>
#include <numeric>

#include "server/analysis/list_files.h"
#include "server/analysis/working_contents.h"
#include "server/watch/tree.h"

namespace quarry::analysis {
namespace {

// Bytes of a file's place in all the lists, beside its path.
constexpr std::uint64_t kFileBytes = sizeof(git::TrackedFile) + sizeof(PathClass) + sizeof(Judged) +
                                     sizeof(Identity) + sizeof(project::File) + 64;
constexpr std::uint64_t kModuleBytes = 8192;

bool same_entries(const search::Listing& old, const search::Listing& now) {
  const auto same = [&](const search::WalkEntry& one, const search::WalkEntry& other) {
    return one.kind == other.kind && one.ignored == other.ignored &&
           (one.child >= 0) == (other.child >= 0) && old.name(one) == now.name(other);
  };
  return old.read == now.read && old.unreadable == now.unreadable && old.worktree == now.worktree &&
         old.cut == now.cut && old.full == now.full && old.notes == now.notes &&
         std::ranges::equal(old.entries, now.entries, same);
}

// Which directories of an index differ between two states of a tree.
class Differences {
 public:
  Differences(const FileIndex& index, std::vector<std::uint32_t>& changed)
      : index_(index), changed_(changed) {}

  // False when names are not the same everywhere.
  bool compare(const search::TreeNode& old, const search::TreeNode& now) {
    if (&old == &now) return true;
    if (old.listing != now.listing) add(now.listing->path.text());
    bool same = old.listing == now.listing || same_entries(*old.listing, *now.listing);
    if (same && old.children.size() == now.children.size()) {
      for (std::size_t i = 0; i < old.children.size(); ++i) {
        if (!compare(*old.children[i], *now.children[i])) same = false;
      }
      return same;
    }
    for (const auto& child : now.children) {
      const search::TreeNode* const before = child_of(old, *child);
      before == nullptr ? add_below(*child) : void(compare(*before, *child));
    }
    for (const auto& child : old.children) {
      if (child_of(now, *child) == nullptr) add_below(*child);
    }
    return false;
  }

 private:
  static const search::TreeNode* child_of(const search::TreeNode& node,
                                          const search::TreeNode& wanted) {
    const auto& path = wanted.listing->path.text();
    const auto at = std::ranges::find_if(
        node.children, [&](const auto& one) { return one->listing->path.text() == path; });
    return at == node.children.end() ? nullptr : at->get();
  }

  void add(std::string_view path) {
    if (const FileIndex::Directory* found = index_.find_directory(path)) {
      changed_.push_back(static_cast<std::uint32_t>(found - index_.directories().data()));
    }
  }

  void add_below(const search::TreeNode& node) {
    add(node.listing->path.text());
    for (const auto& child : node.children) add_below(*child);
  }

  const FileIndex& index_;
  std::vector<std::uint32_t>& changed_;
};

// Those directories of the index that the tree does not tell of.
std::vector<std::uint32_t> uncovered_by(const search::TreeNode& tree, const FileIndex& index) {
  std::vector<std::uint32_t> missing;
  for (std::uint32_t i = 0; i < index.directories().size(); ++i) {
    const search::TreeNode* const node = tree.find(index.directories()[i].path);
    const bool known = node != nullptr && node->listing->read && !node->listing->unreadable &&
                       !node->listing->worktree;
    if (!known) missing.push_back(i);
  }
  return missing;
}

std::uint64_t bytes_of(const LastLook& look) {
  std::uint64_t sum = sizeof(look) + look.memory.project.project.modules.size() * kModuleBytes;
  for (const git::TrackedFile& file : look.survey.index.files())
    sum += kFileBytes + file.path.size();
  return sum;
}

bool remembers(const AnalyzeOptions& options) {
  return options.path.is_root() && options.ref.empty();
}

// Whether git tells of the files what it told before.
Result<bool> same_list(const LastLook& look, const Sources& sources, const CancelToken& cancel) {
  if (look.listing.origin == Origin::kIndex) {
    const auto stamp = git_index_stamp(sources);
    return stamp && look.listing.git_index && *stamp == *look.listing.git_index;
  }
  const auto tracked = sources.repository.tracked_files(cancel);
  TRY(cancel.check());
  if (tracked && !tracked->empty()) return false;
  return !look.listing.notes.empty() && look.listing.notes.front() == note_of_walk(tracked);
}

}  // namespace

std::unique_ptr<LastLook> take_last_look(const Sources& sources, const AnalyzeOptions& options) {
  if (sources.catalogue == nullptr || !remembers(options) || options.refresh) return nullptr;
  auto companion = sources.catalogue->take_companion();
  if (dynamic_cast<LastLook*>(companion.get()) == nullptr) return nullptr;
  return std::unique_ptr<LastLook>(static_cast<LastLook*>(companion.release()));
}

void find_uncovered(LastLook& look) {
  if (look.listing.tree == nullptr) return;
  look.uncovered = uncovered_by(*look.listing.tree, look.survey.index);
}

Result<bool> renew(LastLook& look, const Sources& sources, std::vector<std::uint32_t>& changed,
                   const CancelToken& cancel) {
  const std::int64_t now_ns = sources.clock.steady_ns();
  const search::Stop stop(cancel, sources.clock);
  auto tree = sources.catalogue->now(sources.files, sources.pool, stop, search::Effort::kBuild);
  TRY(cancel.check());
  if (tree == nullptr) return false;
  if (is_bare(sources, cancel)) return false;
  TRY_ASSIGN(const bool listed, same_list(look, sources, cancel));
  if (!listed) return false;
  const FileIndex& index = look.survey.index;
  const bool same_names = Differences(index, changed).compare(*look.listing.tree, *tree);
  const bool walked = look.listing.origin == Origin::kWalk;
  if (!same_names && walked) return false;
  if (!same_names) {
    changed.insert(changed.end(), look.uncovered.begin(), look.uncovered.end());
    look.uncovered = uncovered_by(*tree, index);
  }
  if (now_ns - look.checked_ns >= watch::kMaxLookAgeNs) {
    changed.resize(index.directories().size());
    std::iota(changed.begin(), changed.end(), 0U);
    look.checked_ns = now_ns;
  } else {
    changed.insert(changed.end(), look.uncovered.begin(), look.uncovered.end());
    std::ranges::sort(changed);
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  }
  look.listing.tree = std::move(tree);
  look.listing.contents = std::make_unique<WorkingContents>(sources.files, sources.clock);
  std::vector<FileState> states;
  if (walked) {
    for (const std::uint32_t number : changed) {
      TRY(cancel.check());
      append_states(sources.files, index, index.directories()[number], states);
    }
  }
  return renew_survey(look.survey, *look.listing.contents, states);
}

void leave_last_look(const Sources& sources, const AnalyzeOptions& options,
                     std::unique_ptr<LastLook> look) {
  if (sources.catalogue == nullptr || look->listing.tree == nullptr || !remembers(options) ||
      look->listing.origin == Origin::kRevision) {
    return;
  }
  look->listing.contents.reset();  // belongs to this call's workspace
  if (look->held == 0) look->held = bytes_of(*look);
  sources.catalogue->leave_companion(std::move(look));
}

}  // namespace quarry::analysis
