// Deltas: from libgit2's diffs to plain rows and patches, and the options all diffs here share.
//
// Belongs to the helper's one thread.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/limits.h"
#include "server/git/client.h"
#include "server/git/helper/library.h"

namespace quarry::git::helper {

// At most that many files differ, else kTooLarge; a larger blob is shown as binary.
inline constexpr std::size_t kMaxDeltas = standard<std::size_t>(Limit::kGitFiles);
inline constexpr std::int64_t kMaxDiffedBytes = standard(Limit::kGitDiffedBytes);

// Options with the pathspec they point to: literal prefixes, no globs.
class DiffRequest {
 public:
  explicit DiffRequest(std::vector<std::string> paths = {});
  DiffRequest(const DiffRequest&) = delete;
  DiffRequest& operator=(const DiffRequest&) = delete;
  git_diff_options& options() { return options_; }
  // What the new side is: `index` itself or its working tree. A sparse checkout's files that are
  // not in the tree are no difference; a name that was added without content (git add -N) is none
  // of the index, and a new file of the tree. `index` must outlive the request.
  enum class NewSide { kIndex, kWorkTree };
  void look_at(NewSide side, git_index* index) {
    side_ = side;
    index_ = index;
  }

 private:
  static int take(const git_diff* diff, const git_diff_delta* delta, const char*, void* request);
  bool judge(git_diff_delta& delta) const;

  std::vector<std::string> paths_;
  std::vector<char*> pointers_;
  git_diff_options options_;
  NewSide side_ = NewSide::kIndex;
  git_index* index_ = nullptr;
};

// What `index` has beyond `tree` (null: the empty one), whatever is assumed of the working tree.
Result<DiffHandle> compare_with_index(git_repository* repository, git_tree* tree, git_index* index,
                                      DiffRequest& request);
// Takes the diff that a git_diff_* call left in `raw` with `status`; checks kMaxDeltas.
Result<DiffHandle> take_diff(int status, git_diff* raw);
// Pairs deletions with additions as git does by default (50 %, at most 400 candidates a side), or
// those of equal content alone where some cannot be read.
Result<void> find_renames(git_diff* diff);

// A row without counts. A delta's code: A M D R T U ? !.
FileStat row_of(const git_diff_delta& delta);
// Which rows get a patch: from the `first` row on, as long as all together stay within `max_bytes`.
struct PatchWish {
  bool any = false;
  std::size_t first = 0;
  std::uint64_t max_bytes = 0;
  bool drop_empty = false;  // no row for a file without a hunk: white space was ignored
};

// Appends one row per delta with counts, and with its patch as wished; a patch that is left out
// for its size is marked.
Result<void> append_files(git_diff* diff, const PatchWish& wish, std::vector<DiffFile>& files);

}  // namespace quarry::git::helper
