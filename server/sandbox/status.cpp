#include "server/sandbox/status.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "server/sandbox/shown.h"

namespace quarry::sandbox {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

[[gnu::cold]] Failure not_a_file(mode_t mode, std::string_view name) {
  if (S_ISDIR(mode)) {
    return fail(Code::kInvalidArgs, "'{}' is a directory; use list_directory", shown_name(name));
  }
  return fail(Code::kInvalidArgs, "'{}' is not a regular file", shown_name(name));
}

}  // namespace

Stamp stamp_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .mtime_ns = nanoseconds(status.st_mtim),
          .ctime_ns = nanoseconds(status.st_ctim)};
}

bool settled(const Stamp& stamp, std::int64_t now_ms) {
  constexpr std::int64_t kSettleMs = 100;
  return std::max(stamp.mtime_ns, stamp.ctime_ns) / 1'000'000 + kSettleMs < now_ms;
}

Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return Kind::kFile;
  if (S_ISDIR(mode)) return Kind::kDirectory;
  if (S_ISLNK(mode)) return Kind::kSymlink;
  return Kind::kOther;
}

Metadata metadata_of(const struct stat& status) {
  Metadata metadata;
  metadata.kind = kind_of(status.st_mode);
  metadata.mode = status.st_mode & 07777U;
  metadata.links = status.st_nlink;
  metadata.stamp = stamp_of(status);
  return metadata;
}

Result<File> adopt_file(Fd fd, std::string_view name) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return entry_failure(errno, name);
  if (!S_ISREG(status.st_mode)) return not_a_file(status.st_mode, name);
  return File(std::move(fd), stamp_of(status));
}

Failure private_key(std::string_view what) {
  return fail(Code::kDenied,
              "{} is a private key, which is not shown; the user can allow it by starting the "
              "server with --allow-secrets",
              what);
}

Failure entry_failure(int error, std::string_view name) {
  const std::string shown = shown_name(name);
  switch (error) {
    case ENOENT:
      return fail(Code::kNotFound, "'{}' does not exist", shown);
    case ENOTDIR:
      return fail(Code::kInvalidArgs, "'{}' is not a directory", shown);
    case EACCES:
    case EPERM:
      return fail(Code::kDenied, "no permission to open '{}'", shown);
    case ELOOP:
      return fail(Code::kDenied, "'{}' runs through more than 40 symbolic links, or in a circle",
                  shown);
    case ENXIO:
    case ENODEV:
      return fail(Code::kInvalidArgs, "'{}' is not a regular file", shown);
    case ENAMETOOLONG:
      return fail(Code::kInvalidArgs, "'{}' is too long a name for its file system", shown);
    case EMFILE:
    case ENFILE:
      return fail(Code::kUnavailable, "out of file descriptors while opening '{}'; try again",
                  shown);
    case ENOMEM:
      return fail(Code::kUnavailable, "out of memory while opening '{}'; try again", shown);
    case EAGAIN:
      return fail(Code::kUnavailable,
                  "'{}' is being renamed or leased by another process; try again", shown);
    default:
      return fail(Code::kInternal, "cannot open '{}': {}", shown, strerrordesc_np(error));
  }
}

Failure changed_meanwhile(std::string_view name) {
  return fail(Code::kConflict, "'{}' was changed by another program meanwhile; read it again",
              shown_name(name));
}

Failure change_failure(int error, std::string_view name) {
  const std::string shown = shown_name(name);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return fail(Code::kUnavailable, "no space left on the disk (or no inodes) for '{}'", shown);
    case EIO:
      return fail(Code::kUnavailable, "the disk failed while '{}' was written", shown);
    case EROFS:
      return fail(Code::kDenied, "'{}' lies on a read-only file system", shown);
    case EACCES:
    case EPERM:
      return fail(Code::kDenied, "no permission to change '{}'", shown);
    case EEXIST:
      return fail(Code::kConflict, "'{}' exists already", shown);
    case ENOTEMPTY:
      return fail(Code::kConflict, "directory '{}' is not empty", shown);
    case EBUSY:
    case ETXTBSY:
      return fail(Code::kConflict, "'{}' is in use and cannot be changed", shown);
    case EISDIR:
      return fail(Code::kInvalidArgs, "'{}' is a directory", shown);
    case EFBIG:
      return fail(Code::kTooLarge, "'{}' would be larger than its file system allows", shown);
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return entry_failure(error, name);
    default:
      return fail(Code::kInternal, "cannot change '{}': {}", shown, strerrordesc_np(error));
  }
}

}  // namespace quarry::sandbox
