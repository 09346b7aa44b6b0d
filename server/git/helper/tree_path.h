// TreePath: one path looked up in many trees, as a history walk does.
//
// Reads raw tree objects and remembers, per directory level, which entry a tree has under the
// path's next name, so that a tree is read once however many commits share it.
//
// Belongs to the helper's one thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/result.h"
#include "server/git/helper/repository.h"

namespace quarry::git::helper {

struct TreeEntry {
  git_oid id{};
  std::uint32_t mode = 0;  // 0: there is no such entry
  bool present() const { return mode != 0; }
  bool is_tree() const { return (mode & 0170000) == 0040000; }
};

class TreePath {
 public:
  // `path` is relative to the repository's root, without leading or trailing '/'. Not "".
  TreePath(git_odb* odb, std::string_view path);

  const std::string& text() const { return text_; }
  Result<TreeEntry> find(const git_oid& tree);
  // Whether the path names the same thing (content and mode) in both, or nothing in both.
  Result<bool> same(const git_oid& tree, const git_oid& other);

 private:
  static constexpr std::size_t kMaxRemembered = 200'000;

  struct Level {
    std::string name;
    std::unordered_map<git_oid, TreeEntry, OidHash, OidEqual> seen;
  };
  Result<TreeEntry> child(std::size_t level, const git_oid& tree);

  git_odb* odb_;
  std::string text_;
  std::vector<Level> levels_;
};

}  // namespace quarry::git::helper
