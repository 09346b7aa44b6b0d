// Files of a repository, opened one component at a time and never through a symlink.
//
// What opens is a regular file or a directory; FIFOs, sockets and devices are refused without
// blocking. This and door.cpp are the helper's only openers; the helper runs confined to the
// workspace, so that even a mistake here stays beneath its root.
//
// Pure functions over descriptors; thread-compatible.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/fd.h"
#include "server/base/result.h"

namespace quarry::git::helper {

enum class Kind : std::uint8_t { kMissing, kFile, kDirectory, kSymlink, kOther };

// What tells one state of a file or directory from another.
struct FileStamp {
  Kind kind = Kind::kMissing;
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, mtime_ns = 0, ctime_ns = 0;
  std::uint32_t owner = 0;
  bool operator==(const FileStamp&) const = default;
};

// Of the last component itself: a symlink is kSymlink. `directory` is an open directory.
FileStamp stamp_of(int directory, const char* path);
FileStamp stamp_of(const std::string& absolute);

// Opens the directory at an absolute path. kNotFound, kDenied.
Result<Fd> open_directory(const std::string& absolute);
// `path` has no leading '/' and no ".."; every component is opened without following a symlink.
// kNotFound, kDenied (a symlink, or no directory in the way), kInvalidArgs (not a regular file).
Result<Fd> open_regular(int directory, std::string_view path);
// The whole file, at most `limit` bytes; kTooLarge beyond.
Result<std::string> read_regular(int directory, std::string_view path, std::int64_t limit);
// Its first bytes, `most` at most, however large it is.
Result<std::string> read_start(int directory, std::string_view path, std::size_t most);
// nullopt when there is none.
Result<std::optional<std::string>> read_if_present(int directory, std::string_view path,
                                                   std::int64_t limit);

// Whether anything but directories lies in the directory or below it. Looks at 64 levels.
bool holds_files(const std::string& absolute);

// This process's resident set, in bytes, from /proc/self/statm; 0 when it cannot be told. The
// first call opens the file, so it must come before the process is confined.
std::uint64_t resident_bytes();

}  // namespace quarry::git::helper
