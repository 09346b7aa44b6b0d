#include "server/git/helper/deltas.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "server/git/helper/files.h"

namespace quarry::git::helper {
namespace {

char code_of(git_delta_t status) {
  switch (status) {
    case GIT_DELTA_ADDED:
      return 'A';
    case GIT_DELTA_DELETED:
      return 'D';
    case GIT_DELTA_RENAMED:
      return 'R';
    case GIT_DELTA_COPIED:
      return 'C';
    case GIT_DELTA_TYPECHANGE:
      return 'T';
    case GIT_DELTA_CONFLICTED:
      return 'U';
    case GIT_DELTA_UNTRACKED:
      return '?';
    case GIT_DELTA_IGNORED:
      return '!';
    default:
      return 'M';
  }
}

// Takes the first line, with its newline, off `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end);
  return line;
}

// Appends a patch as git writes it. libgit2 differs in three places: it leaves the space at the
// end of a cut function name, names the files of a patch that has no hunk, and does not put a tab
// behind a name with spaces, by which patch(1) finds the name's end.
void append_patch(std::string& out, std::string_view patch) {
  const std::size_t hunks = patch.find("\n@@ ");
  std::string_view header = patch.substr(0, hunks == std::string_view::npos ? hunks : hunks + 1);
  patch.remove_prefix(header.size());
  out.reserve(header.size() + patch.size() + 2);
  while (!header.empty()) {
    std::string_view line = take_line(header);
    const bool names_file = line.starts_with("--- ") || line.starts_with("+++ ");
    if (names_file && hunks == std::string_view::npos) continue;
    const bool spaced = names_file && line.find(' ', 4) != std::string_view::npos;
    if (spaced && line[4] != '"' && line.ends_with('\n')) {
      line.remove_suffix(1);
      out.append(line).append("\t\n");
    } else {
      out.append(line);
    }
  }
  while (!patch.empty()) {
    const std::string_view line = take_line(patch);
    if (line.starts_with("@@ ") && line.ends_with(" \n")) {
      out.append(line.substr(0, line.find_last_not_of(" \n") + 1)).push_back('\n');
    } else {
      out.append(line);
    }
  }
}

// A change of white space alone, compared without it: git leaves the file out.
bool is_nothing(const git_diff_delta& delta, git_patch* patch) {
  return delta.status == GIT_DELTA_MODIFIED && git_patch_num_hunks(patch) == 0 &&
         delta.old_file.mode == delta.new_file.mode && (delta.flags & GIT_DIFF_FLAG_BINARY) == 0;
}

// What has become something else (a file a link) is two deltas of libgit2's and one file of git's.
bool is_second_half(const std::vector<DiffFile>& files, const FileStat& row) {
  if (files.empty() || files.back().stat.path != row.path) return false;
  const char first = files.back().stat.code;
  return (first == 'D' && row.code == 'A') || (first == 'A' && row.code == 'D');
}

// The deletion comes first in the patch, as git has it and as it can be applied.
void add_second_half(DiffFile& file, DiffFile&& other) {
  if (file.stat.code == 'A') std::swap(file, other);
  file.stat.code = 'T';
  file.stat.added += other.stat.added;
  file.stat.removed += other.stat.removed;
  file.stat.binary = file.stat.binary || other.stat.binary;
  file.patch_omitted = file.patch_omitted || other.patch_omitted;
  file.patch = file.patch_omitted ? "" : file.patch + other.patch;
}

// libgit2 leaves out a new name whose file is assumed to be unchanged; that says nothing of the
// index itself. The flag is off as long as this lives, in memory alone.
class Unassumed {
 public:
  explicit Unassumed(git_index* index) {
    for (std::size_t at = 0; at < git_index_entrycount(index); ++at) {
      auto* const entry = const_cast<git_index_entry*>(git_index_get_byindex(index, at));
      if ((entry->flags & GIT_INDEX_ENTRY_VALID) == 0) continue;
      entry->flags &= static_cast<std::uint16_t>(~GIT_INDEX_ENTRY_VALID);
      entries_.push_back(entry);
    }
  }
  ~Unassumed() {
    for (git_index_entry* entry : entries_) entry->flags |= GIT_INDEX_ENTRY_VALID;
  }
  Unassumed(const Unassumed&) = delete;
  Unassumed& operator=(const Unassumed&) = delete;

 private:
  std::vector<git_index_entry*> entries_;
};

}  // namespace

DiffRequest::DiffRequest(std::vector<std::string> paths) : paths_(std::move(paths)), options_{} {
  git_diff_options_init(&options_, GIT_DIFF_OPTIONS_VERSION);
  for (std::string& path : paths_) {
    if (!path.empty()) pointers_.push_back(path.data());
  }
  options_.flags = GIT_DIFF_DISABLE_PATHSPEC_MATCH | GIT_DIFF_INDENT_HEURISTIC;
  options_.pathspec.strings = pointers_.data();
  options_.pathspec.count = pointers_.size();
  options_.max_size = kMaxDiffedBytes;
  options_.notify_cb = take;
  options_.payload = this;
}

// libgit2 asks before it keeps a delta: 1 drops it.
int DiffRequest::take(const git_diff* diff, const git_diff_delta* delta, const char*,
                      void* request) {
  // It is const for those who only listen; until it is kept, it is nobody else's.
  auto& own = const_cast<git_diff_delta&>(*delta);
  if (!static_cast<const DiffRequest*>(request)->judge(own)) return 1;
  return git_diff_num_deltas(diff) >= kMaxDeltas ? GIT_EUSER : 0;
}

// Whether git shows it. Makes a file of the tree new that the index has by name alone.
bool DiffRequest::judge(git_diff_delta& delta) const {
  if (index_ == nullptr) return true;
  const git_index_entry* entry = git_index_get_bypath(index_, delta.new_file.path, 0);
  if (entry == nullptr) return true;
  const auto is_missing = [&] {
    const std::string root = git_repository_workdir(git_index_owner(index_));
    return stamp_of(root + entry->path).kind == Kind::kMissing;
  };
  if ((entry->flags_extended & GIT_INDEX_ENTRY_INTENT_TO_ADD) != 0) {
    if (side_ == NewSide::kIndex) return delta.status != GIT_DELTA_ADDED;
    // Of a link in its place libgit2 tells the end of a file, too, where kinds are told apart.
    if (delta.status == GIT_DELTA_DELETED && !is_missing()) return false;
    if (delta.status == GIT_DELTA_MODIFIED || delta.status == GIT_DELTA_TYPECHANGE) {
      delta.status = GIT_DELTA_ADDED;
      delta.nfiles = 1;
      delta.old_file = git_diff_file{};
      delta.old_file.path = delta.new_file.path;
    }
  }
  if (side_ == NewSide::kIndex || (entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) == 0) {
    return true;
  }
  return delta.status != GIT_DELTA_DELETED && !is_missing();
}

Result<DiffHandle> compare_with_index(git_repository* repository, git_tree* tree, git_index* index,
                                      DiffRequest& request) {
  request.look_at(DiffRequest::NewSide::kIndex, index);
  const Unassumed unassumed(index);
  git_diff* raw = nullptr;
  const int status = git_diff_tree_to_index(&raw, repository, tree, index, &request.options());
  return take_diff(status, raw);
}

Result<DiffHandle> take_diff(int status, git_diff* raw) {
  if (status == GIT_EUSER) {
    return fail(Code::kTooLarge, "more than {} files differ; narrow it with 'path'", kMaxDeltas);
  }
  if (status < 0) return library_failure(status, "comparing");
  return DiffHandle(raw);
}

Result<void> find_renames(git_diff* diff) {
  git_diff_find_options options;
  git_diff_find_options_init(&options, GIT_DIFF_FIND_OPTIONS_VERSION);
  options.flags = GIT_DIFF_FIND_RENAMES;
  options.rename_limit = 400;
  if (git_diff_find_similar(diff, &options) == 0) return {};
  // One content that cannot be read (too large, damaged, not in a partial clone) stops the whole
  // comparison. Unpaired rows are as true, so only equal ids are paired then.
  options.flags |= GIT_DIFF_FIND_EXACT_MATCH_ONLY;
  if (const int status = git_diff_find_similar(diff, &options); status < 0) {
    return library_failure(status, "finding renames");
  }
  return {};
}

FileStat row_of(const git_diff_delta& delta) {
  FileStat row;
  row.code = code_of(delta.status);
  const bool gone = delta.status == GIT_DELTA_DELETED;
  const char* path = gone ? delta.old_file.path : delta.new_file.path;
  if (path == nullptr) path = delta.old_file.path;
  if (path != nullptr) row.path = path;
  if (row.code == 'R' || row.code == 'C') row.old_path = delta.old_file.path;
  return row;
}

Result<void> append_files(git_diff* diff, const PatchWish& wish, std::vector<DiffFile>& files) {
  const std::size_t count = git_diff_num_deltas(diff);
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    git_patch* raw = nullptr;
    if (const int status = git_patch_from_diff(&raw, diff, i); status < 0) {
      return library_failure(status, "comparing a file");
    }
    const PatchHandle patch(raw);
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    // A file whose times differ but not its content: git shows nothing of it.
    if (delta->status == GIT_DELTA_UNMODIFIED) continue;
    if (raw != nullptr && wish.drop_empty && is_nothing(*delta, raw)) continue;
    DiffFile file;
    file.stat = row_of(*delta);
    const bool second = is_second_half(files, file.stat);
    const std::size_t at = files.size() - (second ? 1 : 0);
    file.stat.binary = (delta->flags & GIT_DIFF_FLAG_BINARY) != 0;
    if (raw != nullptr) {
      std::size_t context = 0, added = 0, removed = 0;
      if (git_patch_line_stats(&context, &added, &removed, raw) == 0) {
        file.stat.added = added;
        file.stat.removed = removed;
      }
      if (wish.any && at >= wish.first && file.stat.code != 'U' && !file.stat.binary) {
        const std::uint64_t size = git_patch_size(raw, 1, 1, 1);
        if (used + size > wish.max_bytes) {
          file.patch_omitted = true;
        } else {
          Buffer text;
          if (const int status = git_patch_to_buf(&text.raw, raw); status < 0) {
            return library_failure(status, "writing a patch");
          }
          append_patch(file.patch, text.view());
          used += file.patch.size();
        }
      }
    }
    if (second) {
      add_second_half(files.back(), std::move(file));
    } else {
      files.push_back(std::move(file));
    }
  }
  return {};
}

}  // namespace quarry::git::helper
