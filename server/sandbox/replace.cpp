// How a file is replaced and removed so that what another program puts in its place stays: see
// place.h.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "server/sandbox/place.h"
#include "server/sandbox/resolve.h"
#include "server/sandbox/shown.h"
#include "server/sandbox/status.h"
#include "server/sandbox/writers.h"

namespace quarry::sandbox {
namespace {

// What another program is in the middle of is waited for: a tenth of a second, look by look.
constexpr int kLooks = 100;
constexpr timespec kBetween{.tv_sec = 0, .tv_nsec = 1'000'000};

// The name last, so that a program which watches the directory hears last of it that something has
// come there.
int exchange_names(int from_fd, const char* from, int to_fd, const char* to) {
  return renameat2(to_fd, to, from_fd, from, RENAME_EXCHANGE) == 0 ? 0 : errno;
}

// EXDEV: what is there belongs to another project of the disk quotas than its directory, and may
// be replaced in it, but get no other name.
bool is_unknown(int error) {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EXDEV;
}

// Of a file its content, of a symlink its target; of anything else there is none to compare.
bool holds(int directory, const char* name, mode_t mode, std::string_view bytes) {
  std::string there;
  if (S_ISLNK(mode)) return read_link(directory, name, there) == 0 && there == bytes;
  if (!S_ISREG(mode)) return true;
  const auto file = adopt_file(Fd(openat(directory, name, kReadFlags | O_NOFOLLOW)), name);
  const auto most = static_cast<std::int64_t>(bytes.size());
  return file && file->read_all(there, most) && there == bytes;
}

[[gnu::cold]] Failure open_elsewhere(std::string_view name) {
  return fail(Code::kConflict,
              "another program has '{}' open to write to it, and would go on in the old file; end "
              "that first",
              shown_name(name));
}

// What is at the place's name when it is still `old`; kConflict else.
Result<struct stat> look_for(int directory, const char* name, const Expected& old,
                             const Path& path) {
  struct stat status {};
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return changed_meanwhile(path.display());
    return change_failure(errno, path.display());
  }
  if (stamp_of(status) != old.stamp) return changed_meanwhile(path.display());
  return status;
}

// The file at `name`, to be asked who writes to it; none of what is no file, or cannot be read.
Fd open_to_ask(int directory, const char* name) {
  Fd file(openat(directory, name, kReadFlags | O_NOFOLLOW));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return file;
}

// Whether somebody keeps it open to write to it, who would go on writing to what has no name any
// more. Most let go of it within a moment; a child of ours has what was open until it runs its own
// program.
bool is_kept_open(const Fd& file) {
  if (!file) return false;
  for (int look = 1; has_writer(file.get()); ++look) {
    if (look == kLooks) return true;
    nanosleep(&kBetween, nullptr);
  }
  return false;
}

// Whether `name` is the file that was there as `was` when it had its own name. A rename changes the
// time of its inode, so that is not compared, and in some file systems the inode's number: then the
// content tells.
bool is_still(int directory, const char* name, const struct stat& was, const Expected& old) {
  struct stat now {};
  if (fstatat(directory, name, &now, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const bool alike = now.st_mode == was.st_mode && now.st_uid == was.st_uid &&
                     now.st_gid == was.st_gid && now.st_size == was.st_size &&
                     now.st_mtim.tv_sec == was.st_mtim.tv_sec &&
                     now.st_mtim.tv_nsec == was.st_mtim.tv_nsec;
  if (!alike) return false;
  const bool same = now.st_dev == was.st_dev && now.st_ino == was.st_ino;
  if (same && (old.tells || !old.bytes)) return true;
  if (!old.bytes) return old.tells;  // its size and times must do
  return holds(directory, name, now.st_mode, *old.bytes);
}

// Whether `name` is the file that is open as `file`.
bool is_at(int directory, const char* name, const Fd& file) {
  struct stat own {};
  struct stat there {};
  return fstat(file.get(), &own) == 0 &&
         fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && own.st_dev == there.st_dev &&
         own.st_ino == there.st_ino;
}

nlink_t count_names(const Fd& file) {
  struct stat own {};
  return fstat(file.get(), &own) == 0 ? own.st_nlink : 0;
}

bool is_unwritten(const Fd& file, const Stamp& was) {
  struct stat now {};
  return fstat(file.get(), &now) == 0 && now.st_size == was.size &&
         stamp_of(now).mtime_ns == was.mtime_ns;
}

// What can be seen where nothing can be looked at afterwards.
bool holds_expected(int directory, const char* name, mode_t mode, const Expected& old) {
  return old.tells || !old.bytes || holds(directory, name, mode, *old.bytes);
}

// Of a lower layer a file would be copied as a whole to have another name.
bool copies_to_rename(int directory) {
  struct statfs system {};
  return fstatfs(directory, &system) == 0 && system.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace

Result<bool> Draft::put_over(const Expected& old) {
  const int directory = place_->directory_;
  const char* const name = place_->name();
  Fd file = open_to_ask(directory, name);
  if (is_kept_open(file)) return open_elsewhere(place_->path_.display());
  TRY_ASSIGN(const Stamp mine, stamp());
  TRY_ASSIGN(const struct stat was, look_for(directory, name, old, place_->path_));
  const int error = exchange_names(directory, name_.c_str(), directory, name);
  if (error == ENOENT) return changed_meanwhile(place_->path_.display());
  if (is_unknown(error)) {
    if (!holds_expected(directory, name, was.st_mode, old)) {
      return changed_meanwhile(place_->path_.display());
    }
    file.reset();  // SMB does not replace what is open; NFS and FUSE keep it under another name
    if (renameat(directory, name_.c_str(), directory, name) != 0) {
      return change_failure(errno, place_->path_.display());
    }
    name_.clear();
    return true;
  }
  if (error != 0) return change_failure(error, place_->path_.display());
  // First, who may have opened it since by its name: what they have written by now is seen then.
  const bool written = file && has_writer(file.get());
  if (written || !is_still(directory, name_.c_str(), was, old)) {
    if (!return_exchanged(mine)) return false;
    return changed_meanwhile(place_->path_.display());
  }
  if (unlinkat(directory, name_.c_str(), 0) != 0) {
    const int why = errno;
    if (!return_exchanged(mine)) return false;
    return change_failure(why, place_->path_.display());
  }
  name_.clear();
  return true;
}

// What has the draft's name goes back to its own, for as long as the draft's file is found there:
// a program that goes on to move things about may bring it back. `was`: that file before.
bool Draft::return_exchanged(const Stamp& was) {
  const int directory = place_->directory_;
  const std::string beside = std::exchange(name_, {});
  for (int look = 1;; ++look) {
    if (is_at(directory, place_->name(), fd_)) {
      if (exchange_names(directory, beside.c_str(), directory, place_->name()) != 0) return false;
      if (is_at(directory, beside.c_str(), fd_)) break;
      // What has come to the name just now is newer.
      (void)exchange_names(directory, beside.c_str(), directory, place_->name());
    }
    if (look == kLooks || count_names(fd_) == 0) return false;
    nanosleep(&kBetween, nullptr);
  }
  Fd reader = open_to_ask(directory, beside.c_str());
  if (reader) fd_ = std::move(reader);  // the draft's own is one to write with
  // A name that it has elsewhere keeps what is written to it.
  if (count_names(fd_) > 1 || (!is_kept_open(fd_) && is_unwritten(fd_, was))) {
    name_ = beside;
    return true;
  }
  // Something was written into it since: that is the newest.
  (void)exchange_names(directory, beside.c_str(), directory, place_->name());
  return false;
}

Result<bool> Place::remove_file(const Expected& old, std::string_view tag) const {
  TRY_ASSIGN(const struct stat was, look_for(directory_, name(), old, path_));
  const std::string aside = draft_name(tag);
  if (copies_to_rename(directory_) ||
      renameat2(directory_, name(), directory_, aside.c_str(), RENAME_NOREPLACE) != 0) {
    // A full disk may have no room for another name.
    if (!holds_expected(directory_, name(), was.st_mode, old)) {
      return changed_meanwhile(path_.display());
    }
    TRY(remove_file());
    return true;
  }
  const bool still = is_still(directory_, aside.c_str(), was, old);
  if (still && unlinkat(directory_, aside.c_str(), 0) == 0) return true;
  const int why = errno;
  if (renameat2(directory_, aside.c_str(), directory_, name(), RENAME_NOREPLACE) != 0) {
    return false;
  }
  return still ? change_failure(why, path_.display()) : changed_meanwhile(path_.display());
}

bool Place::holds(const Expected& old) const {
  struct stat status {};
  if (old.tells || !old.bytes) return true;
  return fstatat(directory_, name(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         holds_expected(directory_, name(), status.st_mode, old);
}

Result<void> Place::exchange(const Place& other) const {
  const int error = exchange_names(directory_, name(), other.directory_, other.name());
  if (error == 0) return {};
  return change_failure(error, other.path_.display());
}

}  // namespace quarry::sandbox
