#include "server/git/helper/tree_path.h"

#include <algorithm>
#include <cstring>

namespace quarry::git::helper {
namespace {

// The entry `name` of a raw tree: "<octal mode> <name>\0<20 bytes>" repeated.
Result<TreeEntry> scan_tree(std::string_view tree, std::string_view name) {
  while (!tree.empty()) {
    TreeEntry entry;
    std::size_t at = 0;
    while (at < tree.size() && tree[at] >= '0' && tree[at] <= '7' && at < 7) {
      entry.mode = entry.mode * 8 + static_cast<std::uint32_t>(tree[at] - '0');
      ++at;
    }
    const std::size_t end = tree.find('\0', at);
    if (at == 0 || at >= tree.size() || tree[at] != ' ' || end == std::string_view::npos ||
        tree.size() - end - 1 < GIT_OID_RAWSZ) {
      return fail(Code::kInternal, "a tree object is damaged; 'git fsck' tells which");
    }
    if (tree.substr(at + 1, end - at - 1) == name) {
      std::memcpy(entry.id.id, tree.data() + end + 1, GIT_OID_RAWSZ);
      return entry;
    }
    tree.remove_prefix(end + 1 + GIT_OID_RAWSZ);
  }
  return TreeEntry{};
}

}  // namespace

TreePath::TreePath(git_odb* odb, std::string_view path) : odb_(odb), text_(path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    levels_.emplace_back().name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
}

Result<TreeEntry> TreePath::child(std::size_t level, const git_oid& tree) {
  auto& seen = levels_[level].seen;
  if (const auto known = seen.find(tree); known != seen.end()) return known->second;
  git_odb_object* raw = nullptr;
  if (const int status = git_odb_read(&raw, odb_, &tree); status < 0) {
    return library_failure(status, "reading a tree");
  }
  const OdbObject object(raw);
  if (git_odb_object_type(raw) != GIT_OBJECT_TREE) {
    return fail(Code::kInternal, "object {} is not a tree, though a commit says so", hex(tree));
  }
  TRY_ASSIGN(const TreeEntry entry, scan_tree({static_cast<const char*>(git_odb_object_data(raw)),
                                               git_odb_object_size(raw)},
                                              levels_[level].name));
  if (seen.size() >= kMaxRemembered) seen.clear();
  seen.emplace(tree, entry);
  return entry;
}

Result<TreeEntry> TreePath::find(const git_oid& tree) {
  TreeEntry entry{tree, 0040000};
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (!entry.is_tree()) return TreeEntry{};
    TRY_ASSIGN(entry, child(level, entry.id));
    if (!entry.present()) return entry;
  }
  return entry;
}

Result<bool> TreePath::same(const git_oid& tree, const git_oid& other) {
  TreeEntry a{tree, 0040000};
  TreeEntry b{other, 0040000};
  for (std::size_t level = 0;; ++level) {
    // Equal ids on the way down spare reading the trees below.
    if (a.mode == b.mode && (!a.present() || OidEqual()(a.id, b.id))) return true;
    if (level == levels_.size()) return false;
    // A file where the path needs a directory is as good as nothing.
    if (a.is_tree()) {
      TRY_ASSIGN(a, child(level, a.id));
    } else {
      a = {};
    }
    if (b.is_tree()) {
      TRY_ASSIGN(b, child(level, b.id));
    } else {
      b = {};
    }
  }
}

}  // namespace quarry::git::helper
