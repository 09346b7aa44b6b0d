// PathHistory: which commits of a walk touched a path, as `git log -- path` simplifies history,
// and where the path was called otherwise before.
//
// A commit whose path equals that of a parent is not shown and only that parent is followed; one
// that differs from all its parents is shown and all are followed. Of a range, excluded parents
// decide only when there is no other. With `follow`, a commit that
// brings the file in while no parent has it is compared with its first parent, and when the file
// was renamed there the walk goes on under the old name.
//
// Belongs to the helper's one thread.

#pragma once

#include <deque>
#include <string>

#include "server/git/helper/date_walk.h"
#include "server/git/helper/tree_path.h"

namespace quarry::git::helper {

class PathHistory final : public Simplifier {
 public:
  PathHistory(const Repository& repository, CommitGraph& graph, const std::string& path,
              bool follow);

  Result<bool> simplify(const Step& at, std::span<const Parent> parents,
                        std::vector<Step>& follow) override;

  // The path's name at a step, and its name in the first parent when it was renamed there ("").
  const std::string& name_at(const Step& at) const { return paths_[at.path].text(); }
  std::string renamed_from(const Step& at) const;

 private:
  Result<std::uint32_t> path_number(const std::string& name);
  // The old name of the file `path` that `node` brings in against `parent`, or "".
  Result<std::string> old_name(CommitGraph::Node node, CommitGraph::Node parent,
                               const TreePath& path);

  const Repository& repository_;
  CommitGraph& graph_;
  bool follow_;
  std::deque<TreePath> paths_;  // number 0 is the one asked for; addresses stay
  struct Rename {
    CommitGraph::Node node;
    std::uint32_t path, old_path;
  };
  std::vector<Rename> renames_;
};

}  // namespace quarry::git::helper
