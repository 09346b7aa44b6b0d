// GitClient: git facts of one workspace, from the git helper process.
//
// libgit2 never runs in this process. The client starts `quarry-git` lazily, keeps it warm,
// sends one request at a time, kills it at the call's deadline or cancellation and starts it
// again with the next call (with back-off when it keeps crashing). Whatever the helper answers
// is checked like foreign input. A workspace that holds no repository answers kNotFound with a
// text that says so; a repository that cannot be used (corrupt, other owner, unsupported
// extension, its parts outside the workspace) answers kDenied or kInternal with the reason.
//
// `subdirectory` in options is relative to the repository's root, which is the workspace's root
// or an ancestor-free subdirectory named by the caller: repositories above the root are not found.
//
// Safe from any thread: calls queue on the one helper.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"

namespace quarry::git {

struct StatusOptions {
  std::string path;  // pathspec, literal prefix; "" = everything
  bool ignored = false;
  bool untracked = true;
  std::uint32_t limit = 5000;  // entries kept of each list; the counts are always whole
};

struct StatusEntry {
  // One letter: A M D R T ? !. Of a conflict git's two, ours and theirs: UU AA DD AU UA DU UD.
  std::string code;
  std::string path;
  std::string old_path;  // of a rename
};

struct Status {
  std::string branch;  // "" when detached or unborn without a name
  bool detached = false;
  bool unborn = false;         // no commit yet
  std::string head;            // full id, "" when unborn
  std::string upstream;        // "origin/main", "" when none
  bool upstream_gone = false;  // named, but no ref is there (any more): nothing to compare with
  std::uint64_t ahead = 0;
  std::uint64_t behind = 0;
  std::string operation;  // "merge", "rebase", "cherry-pick", "revert", "bisect", "apply", ""
  std::vector<StatusEntry> staged, unstaged, untracked, conflicts, ignored;
  std::uint64_t staged_count = 0, unstaged_count = 0, untracked_count = 0, conflict_count = 0,
                ignored_count = 0;
};

struct LogOptions {
  std::string ref = "HEAD";
  std::string path;
  std::uint32_t max_count = 20;
  std::uint32_t skip = 0;
  std::int64_t since = 0;  // Unix seconds, 0 = no bound
  std::int64_t until = 0;
  std::string author;  // substring, ASCII case-insensitive, of "name <email>"
  std::string grep;    // substring, ASCII case-insensitive, of the message
  bool follow = true;  // renames of `path`, when it is one file
  bool stat = false;   // fill Commit::files
};

struct FileStat {
  char code = 'M';
  std::string path, old_path;
  std::uint64_t added = 0, removed = 0;
  bool binary = false;
};

struct Commit {
  std::string id;
  std::vector<std::string> parents;
  std::string author_name, author_email;
  std::int64_t author_time = 0;    // Unix seconds
  std::int32_t author_offset = 0;  // minutes east of UTC
  std::string committer_name, committer_email;
  std::int64_t commit_time = 0;
  std::string message;            // whole, UTF-8 repaired
  std::vector<std::string> refs;  // names that point here: "HEAD -> main", "tag: v1"
  std::vector<FileStat> files;
};

struct Log {
  std::vector<Commit> commits;
  bool more = false;              // at least one further commit matches
  bool shallow_boundary = false;  // the history ends because the clone is shallow
};

struct DiffOptions {
  std::string from;  // revision; "" = the index, or HEAD when `staged`
  std::string to;    // revision; "" = the working tree, or the index when `staged`
  bool staged = false;
  std::string path;
  std::uint32_t context = 3;
  bool ignore_whitespace = false;
  bool patch = true;                        // fill DiffFile::patch
  std::uint32_t first_patch = 0;            // files before that one get none
  std::uint64_t max_patch_bytes = 2 << 20;  // of all patches together; the rest stays empty
};

struct DiffFile {
  FileStat stat;
  std::string patch;  // unified, with git's header lines; "" when binary or over the budget
  bool patch_omitted = false;
};

struct Diff {
  std::vector<DiffFile> files;
  std::string from_label, to_label;  // what was compared: short ids, "index", "working tree"
};

struct TrackedFile {
  std::string path;
  std::uint32_t mode = 0;  // git's: 0100644, 0100755, 0120000 link, 0160000 submodule
  std::uint64_t size = 0;  // bytes, of the indexed version
  std::string blob;        // id
};

struct FileAtOptions {
  std::string ref;   // revision, to a commit
  std::string path;  // of a file
};

struct FileAt {
  std::string commit;  // abbreviated id
  std::string content;
};

struct TreeOptions {
  std::string ref = "HEAD";  // revision, to a commit
  std::string path;          // of a directory; "" = everything
};

struct TreeFiles {
  std::string commit;              // full id
  std::vector<TrackedFile> files;  // sorted by path
};

struct BlobsOptions {
  std::vector<std::string> ids;  // full, of blobs
  std::uint64_t max_bytes = 0;   // of each; what is longer is cut
};

struct Blob {
  bool present = false;  // false: missing, damaged, no blob or too large to be read
  std::uint64_t size = 0;
  std::string content;  // its beginning
};

struct RepositoryFacts {
  std::string head, branch;
  bool detached = false, unborn = false, shallow = false, bare = false;
  std::vector<std::pair<std::string, std::string>> remotes;  // name, URL without credentials
  std::uint64_t branches = 0, tags = 0, stashes = 0, worktrees = 0;
  std::int64_t last_commit_time = 0;
  std::string last_commit_subject;
};

struct ClientStats {
  std::uint64_t starts = 0, kills = 0, calls = 0, crashes = 0;
};

class GitClient {
 public:
  // `workspace_root`: absolute, resolved. `helper`: absolute path of quarry-git.
  // Starts nothing.
  GitClient(std::string workspace_root, std::string helper, const Clock& clock);
  ~GitClient();
  GitClient(const GitClient&) = delete;
  GitClient& operator=(const GitClient&) = delete;

  Result<Status> status(const StatusOptions& options, const CancelToken& cancel);
  Result<Log> log(const LogOptions& options, const CancelToken& cancel);
  Result<Diff> diff(const DiffOptions& options, const CancelToken& cancel);
  Result<RepositoryFacts> facts(const CancelToken& cancel);
  // The index, sorted by path.
  Result<std::vector<TrackedFile>> tracked_files(const CancelToken& cancel);
  // A file as a revision has it, at most git_object_bytes long. kNotFound when it has none;
  // kInvalidArgs for a directory, a submodule and a symbolic link, whose target is named.
  Result<FileAt> file_at(const FileAtOptions& options, const CancelToken& cancel);
  // The files of a revision, from its trees alone: also of a bare repository. kNotFound when the
  // revision has no such directory; kTooLarge beyond search_entries.
  Result<TreeFiles> tree_files(const TreeOptions& options, const CancelToken& cancel);
  // One for each id, in their order.
  Result<std::vector<Blob>> blobs(const BlobsOptions& options, const CancelToken& cancel);
  ClientStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quarry::git
