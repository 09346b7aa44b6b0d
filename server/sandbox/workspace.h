// Workspace: the capability to one directory tree. Whoever holds it can open what lies beneath
// its root and nothing else; nobody else in the server opens a client's path.
//
// Resolution is openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) under the root's descriptor with
// a bounded retry of EAGAIN, or, where the kernel lacks it and when asked for, a walk over the
// components with O_NOFOLLOW that resolves relative symlinks itself. An absolute symlink is a
// clear error even when it points inside the root. What opens is checked by fstat: a regular file
// for content, a directory for lists; FIFOs, sockets and devices are refused without blocking.
//
// Errors: kNotFound, kDenied, kInvalidArgs (not a regular file, not a directory), kUnavailable
// (out of descriptors), kConflict (the root itself was replaced). They name the path as given.
//
// const members are safe from any thread. File and Dir are thread-compatible.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/fd.h"
#include "server/base/result.h"
#include "server/sandbox/path.h"

namespace quarry::sandbox {

// What tells one state of a file from another: equal stamps of an opened file mean equal content,
// as far as a file system that keeps ctime can tell.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;  // bytes
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  bool operator==(const Stamp&) const = default;
};

// Whether a state with this stamp, seen at `now_ms` (Unix time), can be told from every later one:
// kernels keep times in ticks of 1 to 10 ms, so a file that changed just now may change again
// under the same stamp.
bool settled(const Stamp& stamp, std::int64_t now_ms);

enum class Kind : std::uint8_t { kFile, kDirectory, kSymlink, kOther, kUnknown };

// Metadata of a path, without following a last symlink.
struct Metadata {
  Kind kind = Kind::kUnknown;
  std::uint32_t mode = 0;   // permission bits
  std::uint64_t links = 1;  // names that a file has
  Stamp stamp;
  std::string link_target;  // of a symlink, as stored
};

// An opened regular file, or bytes that are read as if they were one.
class File {
 public:
  File(Fd fd, const Stamp& stamp) : fd_(std::move(fd)), stamp_(stamp) {}
  // Has a size and no times.
  explicit File(std::shared_ptr<const std::string> bytes);
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;

  // Nothing is read of a file that is a private key (base/private_key.h): kDenied.
  void guard_keys() { judged_.store(false, std::memory_order_relaxed); }

  // As it was when the file was opened.
  const Stamp& stamp() const { return stamp_; }
  // Fills as much of `into` as the file has from `offset`; less means end of file. kInternal on
  // a read error, kDenied for a guarded key.
  Result<std::size_t> read_at(std::int64_t offset, std::span<char> into) const;
  // The whole file into `out` (replacing it), at most `max_bytes`; kTooLarge beyond.
  Result<void> read_all(std::string& out, std::int64_t max_bytes) const;
  // The current state of the same open file.
  Result<Stamp> restamp() const;

 private:
  // Fills `into` from `offset` until it is full or the file ends; the bytes read, or -errno.
  ssize_t fill(std::int64_t offset, char* into, std::size_t want) const;
  // `seen`: what was just read from the start, or nothing.
  Result<void> judge(std::string_view seen) const;

  Fd fd_;
  // Instead of a descriptor. Owners: this and whoever else has the same bytes.
  std::shared_ptr<const std::string> bytes_;
  Stamp stamp_;
  // Not a guarded key, or not guarded. Relaxed: whoever finds it unset looks for itself.
  mutable std::atomic<bool> judged_{true};
};

// An opened directory: entries in the kernel's order, and single-component opens that never
// follow a symlink. The walker's tool.
class Dir {
 public:
  struct Entry {
    std::string_view name;  // into the Dir's buffer, until the next call of next(); NUL-terminated
    Kind kind = Kind::kUnknown;
    std::uint64_t inode = 0;
  };

  Dir(Dir&&) noexcept;
  Dir& operator=(Dir&&) noexcept;
  ~Dir();

  // False at the end. "." and ".." are not entries. kUnknown kinds are resolved.
  Result<bool> next(Entry& entry);
  // `name` is one entry's name. A symlink is kDenied: it is not followed; so is a file that the
  // workspace hides.
  Result<Dir> open_dir(std::string_view name) const;
  Result<File> open_file(std::string_view name) const;
  // Without following.
  Result<Metadata> metadata(std::string_view name) const;
  // Device, inode, mtime, ctime of the directory itself.
  Result<Stamp> stamp() const;
  // The open directory, for what works on descriptors; it stays the Dir's.
  int descriptor() const;

 private:
  friend class Workspace;
  struct State;
  explicit Dir(std::unique_ptr<State> state);
  static Dir adopt(Fd fd, bool secrets_allowed);
  std::unique_ptr<State> state_;
};

class Place;

class Workspace {
 public:
  // What a last symlink means to real(): the file that it leads to, or the link itself.
  enum class Last { kFollow, kItself };
  enum class Resolver { kAuto, kOpenat2, kComponentWalk };

  // `root` is an absolute path of a directory; symlinks in it are resolved once, here. Refuses
  // "/", "/proc", "/sys", "/dev" unless `force`.
  static Result<std::unique_ptr<Workspace>> open(const std::string& root,
                                                 Resolver resolver = Resolver::kAuto,
                                                 bool force = false);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // The directory `path` of this workspace as a workspace of its own, opened beneath this root.
  Result<std::unique_ptr<Workspace>> open_workspace(const Path& path) const;

  // Files whose names say that they hold secrets (base/secret_names.h) are not opened for reading,
  // by whatever link, and private keys under any name (base/private_key.h) are not read, unless
  // the user allows it. Before the workspace is shared.
  void allow_secrets() { secrets_allowed_ = true; }
  bool hides(std::string_view name) const;
  // kDenied when `bytes`, all or the start of a file that was not opened here, are hidden for the
  // path's name or for what they are.
  Result<void> check_shown(const Path& path, std::string_view bytes) const;
  // `bytes` as a file of this workspace, hidden like one for what they are.
  File make_file(std::shared_ptr<const std::string> bytes) const;

  // The workspace that this one was opened in by open_workspace(), in whatever steps, which the
  // user allowed, or this one itself; and where in there its root was then.
  const Workspace& top() const { return top_ ? *top_ : *this; }
  const Path& below() const { return below_; }

  // Absolute path of the root, resolved; and as it was given.
  const std::string& root() const { return root_; }
  const std::string& given_root() const { return given_root_; }
  Resolver resolver() const { return resolver_; }  // kOpenat2 or kComponentWalk

  // Path::parse against this root; also accepts the root as it was given.
  Result<Path> parse(std::string_view text, std::string_view argument = "path") const;
  // Whether `absolute` is the root or begins with root + '/', as text.
  bool beneath(std::string_view absolute) const;

  Result<File> open_file(const Path& path) const;
  Result<Dir> open_directory(const Path& path) const;
  // Follows no last symlink.
  Result<Metadata> metadata(const Path& path) const;
  // Follows symlinks beneath the root: what a read of `path` would see.
  Result<Metadata> target_metadata(const Path& path) const;
  // The error for a path that a caller named where there is nothing: with what may have been meant,
  // which the calls above do not look for, since they are asked often whether something is there.
  [[gnu::cold]] Failure missing(const Path& path) const;
  // Whether `path` lies outside git directories and no component of it is a symlink: what it
  // names then is where it says. Asks the file system; what does not exist is no symlink.
  bool plain(const Path& path) const;
  // The stamp of the root's own entry `name` (no path), itself when it is a symlink; nullopt when
  // there is none. One system call: for asking often whether a file is still the one that was read.
  std::optional<Stamp> glance(const char* name) const;
  // The stamp of the directory that was opened as the root: another one as soon as an entry of it
  // was made, renamed or removed, or it was renamed itself. One system call, without a path.
  std::optional<Stamp> root_stamp() const;
  // Where `path` really lies: symlinks beneath the root are resolved, the last one as `last` says.
  // What does not exist is taken as it is written, below the deepest directory that does.
  Result<Path> real(const Path& path, Last last) const;
  // The name `path`, no directory of which may be a symlink: what real() answered, opened for
  // changing it. kInvalidArgs for the root itself, kNotFound when its directory does not exist.
  Result<Place> place(const Path& path) const;
  // The names in the directory `path`, a real path, on disk; nothing to do when there is none.
  Result<void> sync_directory(const Path& path) const;
  // kConflict when the root's path no longer leads to the directory that was opened.
  Result<void> check_root() const;

 private:
  enum class Wanted : std::uint8_t { kFile, kDirectory, kEither, kAnything };

  Workspace() = default;
  // Another one on the same directory; null when descriptors are exhausted.
  std::unique_ptr<Workspace> twin() const;
  Result<Metadata> ask(const Path& path, int flags) const;
  // What `error` (an errno) of opening `path` means, in words for the caller.
  [[gnu::cold]] Failure explain(int error, const Path& path, Wanted wanted) const;
  Failure explain_missing(const Path& path, Wanted wanted) const;
  Failure explain_escape(const Path& path) const;
  std::string find_near(const Path& directory, std::string_view name) const;
  std::string suggest(const Path& path, const Path& existing, std::string_view missing) const;
  Failure hidden(const Path& path) const;
  Result<Path> real(const Path& path, Last last, int& links) const;
  bool opens(const std::string& path, int flags) const;
  std::unique_ptr<Workspace> top_;
  Path below_;
  Fd root_fd_;
  std::string root_;
  std::string given_root_;
  Resolver resolver_ = Resolver::kOpenat2;
  bool secrets_allowed_ = false;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace quarry::sandbox
