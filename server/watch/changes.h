// Changes: where a tree has changed since somebody last took them, as directories.
//
// `directories`: their entries, or something about an entry, may have changed: a name came or
// went, a file was written, an ignore rule of theirs is another. `subtrees`: what lies there is not
// what lay there under that name. `inodes`, by their lowest bits and in no order: of the files in
// directories that came in. With `everything` nothing is known and the rest is empty.
//
// A set too large to be worth following becomes `everything`. Thread-compatible.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quarry::watch {

struct Changes {
  using Paths = std::set<std::string, std::less<>>;  // as Path::text() has them
  static constexpr std::size_t kMaxPaths = 4096;
  static constexpr std::size_t kMaxInodes = 65'536;

  bool everything = true;
  Paths directories;
  Paths subtrees;
  std::vector<std::uint32_t> inodes;

  bool empty() const {
    return !everything && directories.empty() && subtrees.empty() && inodes.empty();
  }
  void add_directory(std::string_view path) { add(directories, path); }
  void add_subtree(std::string_view path) { add(subtrees, path); }
  void add_inode(std::uint64_t inode) {
    if (everything) return;
    if (inodes.size() >= kMaxInodes) return add_everything();
    inodes.push_back(static_cast<std::uint32_t>(inode));
  }
  void add_everything() {
    clear();
    everything = true;
  }
  void clear() { *this = {.everything = false}; }
  // Moves `other`'s into these.
  void take(Changes& other) {
    if (everything || other.everything ||
        directories.size() + other.directories.size() + subtrees.size() + other.subtrees.size() >
            kMaxPaths ||
        inodes.size() + other.inodes.size() > kMaxInodes) {
      add_everything();
    } else {
      inodes.insert(inodes.end(), other.inodes.begin(), other.inodes.end());
      directories.merge(other.directories);
      subtrees.merge(other.subtrees);
    }
    other.clear();
  }

 private:
  void add(Paths& paths, std::string_view path) {
    if (everything || paths.contains(path)) return;
    if (directories.size() + subtrees.size() >= kMaxPaths) return add_everything();
    paths.emplace(path);
  }
};

}  // namespace quarry::watch
