#include "server/search/catalogue.h"

#include "server/search/indexer.h"
#include "server/search/renewal.h"

namespace quarry::search {
namespace {

// Directories that a call which only peeks may read again.
constexpr std::size_t kFewDirectories = 16;
constexpr std::int64_t kRetryNs = 300'000'000'000;
constexpr std::chrono::milliseconds kSlice{5};

std::size_t size_of(const watch::Changes& changes) {
  return changes.directories.size() + changes.subtrees.size();
}

// What could not be read as it is, to be read again by the next call.
void add_unsure(const TreeNode& node, watch::Changes& pending) {
  if (node.counts.unsure == 0) return;
  const sandbox::Path& path = node.listing->path;
  if (node.listing->unsure) {
    return path.is_root() ? pending.add_everything() : pending.add_subtree(path.text());
  }
  for (const auto& child : node.children) add_unsure(*child, pending);
}

}  // namespace

// Whatever comes in between: nobody waits for ever.
class Catalogue::Busy {
 public:
  explicit Busy(Catalogue& catalogue) : catalogue_(&catalogue) {}
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    if (catalogue_ == nullptr) return;
    auto state = catalogue_->state_.lock();
    state->busy = false;
    state->pending.add_everything();
    state.unlock();
    catalogue_->free_.notify_all();
  }
  void over() { catalogue_ = nullptr; }

 private:
  Catalogue* catalogue_;
};

Catalogue::Catalogue(std::shared_ptr<watch::Tree> tree, const Clock& clock,
                     const CatalogueLimits& limits, Indexer* indexer)
    : tree_(std::move(tree)),
      clock_(clock),
      limits_(limits),
      indexer_(indexer),
      contents_(indexer == nullptr ? nullptr : indexer->make_index()) {}

void Catalogue::had_to_read(std::uint64_t files) {
  if (indexer_ == nullptr) return;
  if (files >= Indexer::kWorthFiles) ++searches_;
  if (searches_ < Indexer::kWorthSearches) return;
  if (files >= Indexer::kWorthFiles || contents_->due()) indexer_->learn(shared_from_this());
}

std::shared_ptr<const TreeNode> Catalogue::now(const sandbox::Workspace& files, pool::Pool& pool,
                                               const Stop& stop, Effort effort,
                                               const Wanted* dated) {
  watch::Changes changes;
  std::shared_ptr<const TreeNode> old;
  {
    auto state = state_.lock();
    while (state->busy) {
      if (effort == Effort::kPeek || stop.now()) return nullptr;
      (void)state.wait_for(free_, kSlice, [&] { return !state->busy; });
    }
    if (clock_.steady_ns() < state->not_before_ns) return nullptr;
    if (!tree_->take_changes(state->pending)) return nullptr;
    if (state->top != nullptr && state->pending.empty()) {
      ++state->stats.hits;
      return state->top;
    }
    const bool anew = state->top == nullptr || state->pending.everything;
    if (effort == Effort::kPeek && (anew || size_of(state->pending) > kFewDirectories)) {
      return nullptr;
    }
    state->busy = true;
    changes.clear();
    std::swap(changes, state->pending);
    state->pending.clear();
    if (!anew) old = state->top;
  }
  Busy busy(*this);
  std::shared_ptr<const TreeNode> top = old == nullptr
                                            ? read(files, pool, stop, dated)
                                            : renew(*old, changes, shared_, files, pool, stop);
  auto state = state_.lock();
  state->busy = false;
  busy.over();
  ++(old == nullptr ? state->stats.builds : state->stats.renewals);
  if (top == nullptr) {
    // Cut short: what was taken is still to be done.
    if (old == nullptr) changes.add_everything();
    state->pending.take(changes);
  } else if (top->counts.entries > limits_.entries) {
    state->top = nullptr;
    state->pending.add_everything();
    state->not_before_ns = clock_.steady_ns() + kRetryNs;
  } else {
    state->top = top;
    add_unsure(*top, state->pending);
  }
  state->stats.too_large = top != nullptr && state->top == nullptr;
  state.unlock();
  free_.notify_all();
  return top;
}

std::shared_ptr<const TreeNode> Catalogue::read(const sandbox::Workspace& files, pool::Pool& pool,
                                                const Stop& stop, const Wanted* dated) {
  WalkOptions options;
  options.dated = dated;
  const auto reading = read_tree(files, TreeStart{}, options, pool, stop);
  if (!reading || reading->stopped || reading->full_at > 0) return nullptr;
  shared_ = shared_files(*reading->top);
  return reading->top;
}

std::unique_ptr<Companion> Catalogue::take_companion() {
  return std::move(state_.lock()->companion);
}

void Catalogue::leave_companion(std::unique_ptr<Companion> companion) {
  auto state = state_.lock();
  if (state->top != nullptr) std::swap(state->companion, companion);
  state.unlock();  // the other one is freed without the lock
}

void Catalogue::drop() {
  std::shared_ptr<const TreeNode> dropped;  // freed without the lock
  std::unique_ptr<Companion> companion;
  auto state = state_.lock();
  dropped = std::move(state->top);
  companion = std::move(state->companion);
  state->top = nullptr;
  state->pending.add_everything();
  state.unlock();
}

CatalogueStats Catalogue::stats() const {
  auto state = state_.lock();
  CatalogueStats stats = state->stats;
  if (state->top != nullptr) {
    stats.entries = state->top->counts.entries;
    stats.directories = state->top->counts.listings;
    stats.bytes = state->top->counts.bytes;
    if (state->companion != nullptr) stats.bytes += state->companion->bytes();
  }
  return stats;
}

}  // namespace quarry::search
