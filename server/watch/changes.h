// Changes: where a tree has changed since somebody last took them, as directories.
//
// `directories`: their entries, or something about an entry, may have changed: a name came or
// went, a file was written, an ignore rule of theirs is another. `subtrees`: what lies there is not
// what lay there under that name. With `everything` nothing is known and the sets are empty.
//
// A set too large to be worth following becomes `everything`. Thread-compatible.

#pragma once

#include <set>
#include <string>
#include <string_view>

namespace quarry::watch {

struct Changes {
  using Paths = std::set<std::string, std::less<>>;  // as Path::text() has them
  static constexpr std::size_t kMaxPaths = 4096;

  bool everything = true;
  Paths directories;
  Paths subtrees;

  bool empty() const { return !everything && directories.empty() && subtrees.empty(); }
  void add_directory(std::string_view path) { add(directories, path); }
  void add_subtree(std::string_view path) { add(subtrees, path); }
  void add_everything() {
    everything = true;
    directories.clear();
    subtrees.clear();
  }
  void clear() {
    everything = false;
    directories.clear();
    subtrees.clear();
  }
  // Moves `other`'s into these.
  void take(Changes& other) {
    if (everything || other.everything ||
        directories.size() + other.directories.size() + subtrees.size() + other.subtrees.size() >
            kMaxPaths) {
      add_everything();
    } else {
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
