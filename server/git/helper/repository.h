// Repository: the workspace's repository, opened once and kept as long as it is the same.
//
// refresh() before every request checks the layout again (about 20 us) and opens the repository
// anew when its configuration or its place changed, the object database when packs came or went.
// libgit2 itself sees changes of refs and index; what it keeps of ignore and attributes files is
// dropped.
//
// Belongs to the helper's one thread. References handed out live until the next refresh().

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "server/base/result.h"
#include "server/git/helper/layout.h"
#include "server/git/helper/library.h"

namespace quarry::git::helper {

struct OidHash {
  std::size_t operator()(const git_oid& id) const;
};
struct OidEqual {
  bool operator()(const git_oid& a, const git_oid& b) const;
};
using OidSet = std::unordered_set<git_oid, OidHash, OidEqual>;

class Repository {
 public:
  // `root` is absolute and resolved. Opens nothing.
  explicit Repository(std::string root) : root_(std::move(root)) {}

  // kNotFound when there is no repository, kDenied when it is not used (layout.h).
  Result<void> refresh();

  git_repository* get() const { return repository_.get(); }  // REQUIRES: refresh() succeeded
  git_odb* odb() const { return odb_.get(); }
  const Layout& layout() const { return layout_; }
  // Commits at which a shallow clone ends; their parents are not there.
  const OidSet& shallow() const { return shallow_; }
  // Digits of an id that git would show: at least 7, more the more objects there are.
  std::uint16_t short_digits() const { return short_digits_; }
  // Grows whenever commits seen earlier may have other parents now or the objects were reopened.
  std::uint64_t generation() const { return generation_; }

  // A revision as a user writes it, to a commit. kInvalidArgs, naming `argument`, when it is
  // malformed; kNotFound when there is none.
  Result<git_oid> commit_of(std::string_view revision, std::string_view argument) const;
  // The commit of HEAD; kNotFound when there is none yet.
  Result<git_oid> head_commit() const;
  Result<Tree> tree_of(const git_oid& commit) const;
  // The index as it is on disk now.
  Result<Index> index() const;
  // kInvalidArgs for a bare repository, naming `what` needs a working tree.
  Result<void> need_work_tree(std::string_view what) const;

 private:
  Result<void> open();
  Result<void> open_object_database();

  std::string root_;
  Layout layout_;
  RepositoryHandle repository_;
  OdbHandle odb_;
  OidSet shallow_;
  std::uint16_t short_digits_ = 7;
  std::uint64_t generation_ = 0;
};

}  // namespace quarry::git::helper
