// CommitGraph: commits as numbered nodes: parents, tree and commit date, loaded as they are asked
// for and kept between requests.
//
// libgit2's own walk loads the whole history before it yields the first commit and fails at the
// edge of a shallow clone; this one loads what it visits and ends where the clone does. A commit's
// node never changes, since its id names its content; only the edge of a shallow clone can move,
// and then the graph starts anew (Repository::generation).
//
// Belongs to the helper's one thread.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/result.h"
#include "server/git/helper/repository.h"

namespace quarry::git::helper {

class CommitGraph {
 public:
  using Node = std::uint32_t;

  // `repository` must outlive the graph.
  explicit CommitGraph(const Repository& repository) : repository_(repository) {}

  // To be called before a request: forgets everything when the repository was reopened, or when
  // the graph has grown beyond kMaxNodes.
  void prepare();

  // The number of a commit; does not load it.
  Node node_of(const git_oid& id);
  // kNotFound when the object is missing, kInternal when it is damaged.
  Result<void> load(Node node);

  const git_oid& id(Node node) const { return commits_[node].id; }
  // REQUIRES: loaded.
  const git_oid& tree(Node node) const { return commits_[node].tree; }
  std::int64_t time(Node node) const { return commits_[node].time; }  // Unix seconds
  std::span<const Node> parents(Node node) const {
    return {parents_.data() + commits_[node].first_parent, commits_[node].parent_count};
  }
  // The clone ends here: the commit has parents that are not present.
  bool at_boundary(Node node) const { return commits_[node].boundary; }
  std::size_t size() const { return commits_.size(); }

 private:
  static constexpr std::size_t kMaxNodes = 3'000'000;

  struct Commit {
    git_oid id{};
    git_oid tree{};
    std::int64_t time = 0;
    std::uint32_t first_parent = 0;
    std::uint32_t parent_count = 0;
    bool loaded = false;
    bool boundary = false;
  };

  Result<void> parse(Node node, std::string_view text);

  const Repository& repository_;
  std::uint64_t generation_ = 0;
  std::vector<Commit> commits_;
  std::vector<Node> parents_;
  std::unordered_map<git_oid, Node, OidHash, OidEqual> numbers_;
};

}  // namespace quarry::git::helper
