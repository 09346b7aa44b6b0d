// DateWalk: the history of a commit in `git log`'s order: by commit date, newest first, and among
// equal dates in the order in which they were reached.
//
// Without exclusions it loads only what it yields and their parents. With exclusions (a..b) it
// first walks both sides until nothing wanted can turn up, then yields. A Simplifier
// may narrow the parents that are followed (path history).
//
// Belongs to the helper's one thread.

#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <span>
#include <vector>

#include "server/git/helper/commit_graph.h"

namespace quarry::git::helper {

// Where a walk goes on from a commit. `path` is the Simplifier's own mark, handed down.
struct Step {
  CommitGraph::Node node = 0;
  std::uint32_t path = 0;
};

class Simplifier {
 public:
  virtual ~Simplifier() = default;
  // A parent, and whether it counts: not when the walk excludes it, unless it was named for that.
  struct Parent {
    CommitGraph::Node node;
    bool counts;
  };
  // Fills `follow` with the parents to follow (empty before the call) and answers whether the
  // commit itself is to be shown.
  virtual Result<bool> simplify(const Step& at, std::span<const Parent> parents,
                                std::vector<Step>& follow) = 0;
};

class DateWalk {
 public:
  // `since`: commits older than that, and what is reachable only through them, are left out; 0 is
  // no bound. `simplifier` may be null. Both references must outlive the walk.
  DateWalk(CommitGraph& graph, std::int64_t since, Simplifier* simplifier)
      : graph_(graph), since_(since), simplifier_(simplifier) {}

  Result<void> start_at(const git_oid& id);
  Result<void> exclude(const git_oid& id);
  // nullopt at the end.
  Result<std::optional<Step>> next();
  // Whether the walk came to a commit whose parents the clone lacks.
  bool met_boundary() const { return met_boundary_; }

 private:
  enum Mark : std::uint8_t { kSeen = 1, kExcluded = 2, kDone = 4, kNamed = 8 };
  struct Entry {
    std::int64_t time;
    std::uint32_t order;
    Step step;
    bool operator<(const Entry& other) const {  // the queue's top is the greatest
      return time != other.time ? time < other.time : order > other.order;
    }
  };

  std::uint8_t& marks(CommitGraph::Node node);
  Result<void> push(const Step& step, bool excluded);
  void exclude_ancestors(CommitGraph::Node node);
  // Follows the parents; answers whether the commit is to be shown.
  Result<bool> expand(const Step& step);
  // Walks both sides of a range to learn what is excluded, then goes back to the start.
  Result<void> settle_exclusions();

  CommitGraph& graph_;
  std::int64_t since_;
  Simplifier* simplifier_;
  std::priority_queue<Entry> queue_;
  std::vector<std::uint8_t> marks_;
  std::vector<Step> follow_;
  std::uint32_t pushed_ = 0;
  std::size_t wanted_queued_ = 0;  // queued entries that are not excluded
  std::vector<CommitGraph::Node> starts_;
  bool unsettled_ = false;  // exclude() was called and nothing yielded yet
  bool settled_ = false;
  bool met_boundary_ = false;
};

// Commits reachable from one side only, as `git rev-list --left-right --count a...b` counts.
struct Divergence {
  std::uint64_t left = 0, right = 0;
  std::optional<git_oid> base;  // the newest common ancestor of no other
  std::vector<git_oid> common;  // every common ancestor at which the two sides met, and some below
};
Result<Divergence> compare_histories(CommitGraph& graph, const git_oid& left, const git_oid& right);

}  // namespace quarry::git::helper
