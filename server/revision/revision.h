// Revision: the tree of one commit, read through the git helper, as searches take it.
//
// The list of a commit's files is kept in the store under the commit's id, for all branches and
// processes that have it; trees and contents, in a Cache for the searches that follow. Contents
// are read in batches, one after another: a root has one helper.
//
// Left out, and told in a note of the tree: paths that no file on disk can have.
//
// Safe from any thread.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/git/client.h"
#include "server/revision/cache.h"
#include "server/sandbox/workspace.h"
#include "server/search/snapshot.h"
#include "server/store/store.h"

namespace quarry::revision {

// Where revisions come from. Everything outlives them.
struct Source {
  const sandbox::Workspace& files;
  git::GitClient& git;  // of the same root
  store::Store& store;
  Cache* cache = nullptr;  // null: nothing is kept in memory
};

class Revision final : public search::Snapshot {
 public:
  // The revision `ref`. Its errors are those of git: kInvalidArgs and kNotFound name it.
  static Result<std::unique_ptr<Revision>> open(std::string_view ref, const Source& source,
                                                const CancelToken& cancel);
  // Null when there is no `ref`: the tree on disk is meant.
  static Result<std::unique_ptr<Revision>> open_if_named(std::optional<std::string_view> ref,
                                                         const Source& source,
                                                         const CancelToken& cancel) {
    if (!ref) return std::unique_ptr<Revision>();
    return open(*ref, source, cancel);
  }

  const std::shared_ptr<const search::TreeNode>& tree() const override { return tree_; }
  const std::string& label() const override { return label_; }
  Result<std::vector<Content>> read(std::span<const search::ObjectId> ids,
                                    const CancelToken& cancel) const override;

 private:
  explicit Revision(const Source& source) : source_(source) {}

  const Source source_;
  // Owners: this, the cache and the searches that are going on.
  std::shared_ptr<const search::TreeNode> tree_;
  std::string label_;
};

}  // namespace quarry::revision
