// FileIndex: the files of one state of a tree, sorted by path and grouped by directory: what every
// part of an analysis looks at.
//
// Paths are those of the root; only files below `top` are in it. const members are safe from any
// thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/git/client.h"

namespace quarry::analysis {

inline constexpr std::uint32_t kSymlinkMode = 0120000;
inline constexpr std::uint32_t kSubmoduleMode = 0160000;
inline constexpr std::uint32_t kExecutableMode = 0100755;
inline constexpr std::uint32_t kPlainMode = 0100644;

// Neither a symlink nor a submodule.
bool is_regular(const git::TrackedFile& file);

class FileIndex {
 public:
  struct Directory {
    std::string_view path;  // "" is the root
    std::uint32_t first;    // of members()
    std::uint32_t last;
  };

  FileIndex() = default;
  // `files` in any order. `top`: "" or "dir/sub".
  FileIndex(std::vector<git::TrackedFile> files, std::string_view top);
  FileIndex(const FileIndex&) = delete;
  FileIndex& operator=(const FileIndex&) = delete;
  FileIndex(FileIndex&&) = default;  // views into the files stay what they are
  FileIndex& operator=(FileIndex&&) = default;

  const std::string& top() const { return top_; }
  std::span<const git::TrackedFile> files() const { return files_; }
  // Those that hold a file themselves, sorted by path.
  std::span<const Directory> directories() const { return directories_; }
  // The files of a directory itself, by their number, sorted by name.
  std::span<const std::uint32_t> members(const Directory& directory) const {
    return std::span(members_).subspan(directory.first, directory.last - directory.first);
  }

  // A file is of another size or mode than it was. Not while others look.
  void set_state(std::uint32_t file, std::uint64_t size, std::uint32_t mode) {
    files_[file].size = size;
    files_[file].mode = mode;
  }

  // Null when there is none.
  const git::TrackedFile* find(std::string_view path) const;
  const Directory* find_directory(std::string_view path) const;
  // "src/a.c" of the root is "a.c" of the top "src".
  std::string_view below_top(std::string_view path) const {
    return path.substr(top_.empty() ? 0 : std::min(top_.size() + 1, path.size()));
  }
  // "a.c" of the top "src" is "src/a.c".
  std::string under_top(std::string_view path) const;

 private:
  std::string top_;
  std::vector<git::TrackedFile> files_;
  std::vector<Directory> directories_;
  std::vector<std::uint32_t> members_;
};

}  // namespace quarry::analysis
