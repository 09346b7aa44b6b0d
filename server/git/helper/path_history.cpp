#include "server/git/helper/path_history.h"

#include "server/git/helper/deltas.h"

namespace quarry::git::helper {
namespace {

constexpr std::size_t kMaxNames = 64;  // a file that was renamed more often is followed no further

}  // namespace

PathHistory::PathHistory(const Repository& repository, CommitGraph& graph, const std::string& path,
                         bool follow)
    : repository_(repository), graph_(graph), follow_(follow) {
  paths_.emplace_back(repository.odb(), path);
}

Result<bool> PathHistory::simplify(const Step& at, std::span<const Parent> parents,
                                   std::vector<Step>& follow) {
  TreePath& path = paths_[at.path];
  const git_oid tree = graph_.tree(at.node);
  if (parents.empty()) {
    TRY_ASSIGN(const TreeEntry entry, path.find(tree));
    return entry.present();
  }
  bool any_counts = false, changed = false, changed_uncounted = false;
  for (const auto& [parent, counts] : parents) {
    TRY(graph_.load(parent));
    TRY_ASSIGN(const bool same, path.same(tree, graph_.tree(parent)));
    if (same && counts) {
      follow = {{parent, at.path}};
      return false;
    }
    any_counts |= counts;
    changed |= !same && counts;
    changed_uncounted |= !same && !counts;
  }
  for (const Parent& parent : parents) follow.push_back({parent.node, at.path});
  if (!(any_counts ? changed : changed_uncounted)) return false;
  if (!follow_ || parents.size() != 1) return true;
  TRY_ASSIGN(const TreeEntry here, path.find(tree));
  TRY_ASSIGN(const TreeEntry before, path.find(graph_.tree(parents[0].node)));
  if (!here.present() || here.is_tree() || before.present()) return true;
  TRY_ASSIGN(const std::string old, old_name(at.node, parents[0].node, path));
  if (old.empty() || paths_.size() >= kMaxNames) return true;
  TRY_ASSIGN(follow[0].path, path_number(old));
  renames_.push_back({at.node, at.path, follow[0].path});
  return true;
}

std::string PathHistory::renamed_from(const Step& at) const {
  for (const Rename& rename : renames_) {
    if (rename.node == at.node && rename.path == at.path) return paths_[rename.old_path].text();
  }
  return {};
}

Result<std::uint32_t> PathHistory::path_number(const std::string& name) {
  for (std::uint32_t i = 0; i < paths_.size(); ++i) {
    if (paths_[i].text() == name) return i;
  }
  paths_.emplace_back(repository_.odb(), name);
  return static_cast<std::uint32_t>(paths_.size() - 1);
}

Result<std::string> PathHistory::old_name(CommitGraph::Node node, CommitGraph::Node parent,
                                          const TreePath& path) {
  TRY_ASSIGN(const Tree after, repository_.tree_of(graph_.id(node)));
  TRY_ASSIGN(const Tree before, repository_.tree_of(graph_.id(parent)));
  DiffRequest request;
  git_diff* raw = nullptr;
  const int status =
      git_diff_tree_to_tree(&raw, repository_.get(), before.get(), after.get(), &request.options());
  if (status == GIT_EUSER) return std::string();  // too many files differ to look for a rename
  TRY_ASSIGN(const DiffHandle diff, take_diff(status, raw));
  TRY(find_renames(diff.get()));
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    if (delta->status == GIT_DELTA_RENAMED && path.text() == delta->new_file.path) {
      return std::string(delta->old_file.path);
    }
  }
  return std::string();
}

}  // namespace quarry::git::helper
