#include "server/git/helper/date_walk.h"

#include <limits>

namespace quarry::git::helper {
namespace {

// How many more excluded commits are looked at after the last wanted one, against clocks that were
// wrong. git takes 5 and then lists commits that the excluded side has too.
constexpr int kSlop = 256;

}  // namespace

std::uint8_t& DateWalk::marks(CommitGraph::Node node) {
  if (node >= marks_.size()) marks_.resize(graph_.size() + 64);
  return marks_[node];
}

Result<void> DateWalk::push(const Step& step, bool excluded) {
  std::uint8_t& mark = marks(step.node);
  if ((mark & kSeen) != 0 || (settled_ && (mark & kExcluded) != 0)) return {};
  mark |= kSeen;
  if (excluded) mark |= kExcluded;
  TRY(graph_.load(step.node));
  queue_.push({graph_.time(step.node), pushed_++, step});
  if ((marks(step.node) & kExcluded) == 0) ++wanted_queued_;
  return {};
}

Result<void> DateWalk::start_at(const git_oid& id) {
  starts_.push_back(graph_.node_of(id));
  return push({starts_.back(), 0}, false);
}

Result<void> DateWalk::exclude(const git_oid& id) {
  unsettled_ = true;
  const CommitGraph::Node node = graph_.node_of(id);
  marks(node) |= kNamed;
  if ((marks(node) & kSeen) != 0) {  // a..a
    exclude_ancestors(node);
    return {};
  }
  return push({node, 0}, true);
}

// Marks `node` and, through commits that were already walked, all it leads to.
void DateWalk::exclude_ancestors(CommitGraph::Node node) {
  std::vector<CommitGraph::Node> open = {node};
  while (!open.empty()) {
    const CommitGraph::Node at = open.back();
    open.pop_back();
    std::uint8_t& mark = marks(at);
    if ((mark & kExcluded) != 0) continue;
    mark |= kExcluded;
    const bool done = (mark & kDone) != 0;
    if ((mark & kSeen) != 0 && !done) --wanted_queued_;
    if (!done) continue;
    for (const CommitGraph::Node parent : graph_.parents(at)) open.push_back(parent);
  }
}

Result<bool> DateWalk::expand(const Step& step) {
  if (graph_.at_boundary(step.node)) met_boundary_ = true;
  bool shown = true;
  follow_.clear();
  if (simplifier_ != nullptr) {
    std::vector<Simplifier::Parent> parents;
    for (const CommitGraph::Node parent : graph_.parents(step.node)) {
      parents.push_back({parent, (marks(parent) & (kExcluded | kNamed)) != kExcluded});
    }
    TRY_ASSIGN(shown, simplifier_->simplify(step, parents, follow_));
  } else {
    for (const CommitGraph::Node parent : graph_.parents(step.node)) {
      follow_.push_back({parent, step.path});
    }
  }
  for (const Step& parent : follow_) TRY(push(parent, false));
  return shown;
}

Result<void> DateWalk::settle_exclusions() {
  int slop = kSlop;
  std::int64_t last_wanted = std::numeric_limits<std::int64_t>::max();
  while (!queue_.empty() && slop > 0) {
    const Entry top = queue_.top();
    const CommitGraph::Node node = top.step.node;
    queue_.pop();
    const bool excluded = (marks(node) & kExcluded) != 0;
    marks(node) |= kDone;
    if (!excluded) {
      --wanted_queued_;
      if (since_ != 0 && top.time < since_) continue;
      last_wanted = top.time;
    }
    const auto span = graph_.parents(node);
    const std::vector<CommitGraph::Node> parents(span.begin(), span.end());
    for (const CommitGraph::Node parent : parents) {
      if (excluded) exclude_ancestors(parent);
      TRY(push({parent, 0}, excluded));
    }
    if (!excluded || queue_.empty()) continue;
    slop = last_wanted <= queue_.top().time || wanted_queued_ > 0 ? kSlop : slop - 1;
  }
  unsettled_ = false;
  settled_ = true;
  queue_ = {};
  for (std::uint8_t& mark : marks_) mark &= kExcluded | kNamed;
  for (const CommitGraph::Node node : starts_) TRY(push({node, 0}, false));
  return {};
}

Result<std::optional<Step>> DateWalk::next() {
  if (unsettled_) TRY(settle_exclusions());
  while (!queue_.empty()) {
    const Step step = queue_.top().step;
    const std::int64_t time = queue_.top().time;
    queue_.pop();
    if (since_ != 0 && time < since_) continue;
    TRY_ASSIGN(const bool shown, expand(step));
    if (shown) return std::optional<Step>(step);
  }
  return std::optional<Step>();
}

Result<Divergence> compare_histories(CommitGraph& graph, const git_oid& left,
                                     const git_oid& right) {
  enum : std::uint8_t { kLeft = 1, kRight = 2, kBoth = 3, kQueued = 4, kPassed = 8, kBelow = 16 };
  struct Entry {
    std::int64_t time;
    CommitGraph::Node node;
    bool operator<(const Entry& other) const { return time < other.time; }
  };
  std::priority_queue<Entry> queue;
  std::vector<std::uint8_t> sides;
  std::vector<CommitGraph::Node> reached;
  std::size_t one_sided = 0;  // queued commits that only one side has reached so far
  std::size_t again = 0;      // queued once more, because the other side came later
  int slop = kSlop;
  Divergence found;

  const auto reach = [&](CommitGraph::Node node, std::uint8_t side) -> Result<void> {
    if (node >= sides.size()) sides.resize(graph.size() + 64);
    const std::uint8_t before = sides[node];
    if ((before & side) == side) return {};
    const auto after = static_cast<std::uint8_t>(before | side);
    if (before == 0) reached.push_back(node);
    TRY(graph.load(node));
    if ((before & kQueued) == 0) {
      queue.push({graph.time(node), node});
      if ((before & kPassed) != 0) ++again;
      if ((after & kBoth) != kBoth) ++one_sided;
    } else if ((after & kBoth) == kBoth) {
      --one_sided;
    }
    sides[node] = after | kQueued;
    return {};
  };
  TRY(reach(graph.node_of(left), kLeft));
  TRY(reach(graph.node_of(right), kRight));

  while (!queue.empty() && (one_sided > 0 || again > 0 || slop > 0)) {
    if (one_sided > 0 || again > 0) {
      slop = kSlop;
    } else {
      --slop;
    }
    const CommitGraph::Node node = queue.top().node;
    queue.pop();
    const auto side = static_cast<std::uint8_t>(sides[node] & kBoth);
    if ((sides[node] & kPassed) != 0) --again;
    sides[node] = static_cast<std::uint8_t>((sides[node] & kBelow) | side | kPassed);
    if (side != kBoth) --one_sided;
    const auto parents = graph.parents(node);
    const std::vector<CommitGraph::Node> copy(parents.begin(), parents.end());
    for (const CommitGraph::Node parent : copy) {
      TRY(reach(parent, side));
      // Not by dates, of which many may be equal: an ancestor of a common one is not the base.
      if (side == kBoth) sides[parent] |= kBelow;
    }
  }
  std::int64_t newest = 0;
  for (const CommitGraph::Node node : reached) {
    if ((sides[node] & (kBoth | kBelow)) == kBoth && (!found.base || graph.time(node) > newest)) {
      found.base = graph.id(node);
      newest = graph.time(node);
    }
    const int side = sides[node] & kBoth;
    if (side == kLeft) ++found.left;
    if (side == kRight) ++found.right;
    if (side == kBoth) found.common.push_back(graph.id(node));
  }
  return found;
}

}  // namespace quarry::git::helper
