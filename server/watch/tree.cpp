#include "server/watch/tree.h"

#include <algorithm>

namespace quarry::watch {
namespace {

// New directories that epochs() looks after itself, about a millisecond; and what is done between
// two looks at whether the tree is still wanted.
constexpr std::size_t kFewSteps = 48;
constexpr std::size_t kSliceSteps = 128;
// A tree that could not be watched may be tried again; one whose events were lost costs no more
// than a twentieth of a thread.
constexpr std::int64_t kRetryNs = 300'000'000'000;
constexpr std::int64_t kRest = 20;

}  // namespace

Tree::Tree(std::uint64_t serial, const std::shared_ptr<const sandbox::Workspace>& files,
           const Clock& clock, Quota& quota, const TreeLimits& limits)
    : serial_(serial),
      files_(files),
      root_(files->root()),
      clock_(clock),
      quota_(quota),
      limits_(limits),
      used_ns_(clock.steady_ns()) {}

bool Tree::is_of(const std::shared_ptr<const sandbox::Workspace>& files) const {
  return !files_.owner_before(files) && !files.owner_before(files_);
}

bool Tree::use() {
  const std::int64_t now = clock_.steady_ns();
  used_ns_.store(now, std::memory_order_relaxed);
  const std::uint64_t uses = uses_.fetch_add(1, std::memory_order_relaxed) + 1;
  bool due = false;
  switch (mode()) {
    case Mode::kIdle:
      due = uses > 1;
      break;
    case Mode::kStarting:
      due = now >= next_start_ns_.load(std::memory_order_relaxed);
      break;
    case Mode::kWatching:
      due = wanted_.load(std::memory_order_relaxed);
      break;
    case Mode::kChecking:
      due = limits_.may_watch && now >= next_start_ns_.load(std::memory_order_relaxed);
      break;
  }
  return due && !busy_.exchange(true);
}

void Tree::leave_work() {
  busy_.store(false);
}

void Tree::work() {
  const std::int64_t begun = clock_.steady_ns();
  if (const auto files = files_.lock()) {
    std::unique_ptr<Watch> dropped;  // closed without the lock: that takes milliseconds
    while (work_on(*files, dropped)) {
    }
    const std::int64_t now = clock_.steady_ns();
    const std::int64_t rest = mode() == Mode::kChecking ? kRetryNs : kRest * (now - begun);
    next_start_ns_.store(now + rest, std::memory_order_relaxed);
  }
  leave_work();
}

// One slice. True: there is more.
bool Tree::work_on(const sandbox::Workspace& files, std::unique_ptr<Watch>& dropped) {
  auto state = state_.lock();
  if (state->lost) {
    dropped = std::move(state->watch);
    state->lost = false;
  }
  if (!state->watch) start(*state);
  if (!state->watch) return false;
  state->behind = true;
  switch (state->watch->catch_up(files, kSliceSteps)) {
    case Watch::State::kBehind:
      return true;
    case Watch::State::kWhole:
      state->behind = false;
      wanted_.store(false, std::memory_order_relaxed);
      mode_.store(Mode::kWatching, std::memory_order_relaxed);
      return false;
    case Watch::State::kLost:
      ++state->losses;
      state->lost = true;
      wanted_.store(true, std::memory_order_relaxed);
      mode_.store(Mode::kStarting, std::memory_order_relaxed);
      return false;
    case Watch::State::kFailed:
      break;
  }
  std::string why = state->watch->why();
  dropped = std::move(state->watch);
  give_up(*state, std::move(why));
  return false;
}

void Tree::start(State& state) {
  if (!limits_.may_watch) return give_up(state, "switched off by --no-watch");
  auto notifier = Notifier::open();
  if (!notifier) return give_up(state, notifier.error().message);
  state.watch = std::make_unique<Watch>(std::move(*notifier), state.epochs, state.changes, quota_,
                                        limits_.max_directories);
  // Whatever happened before is not known.
  state.changes.add_everything();
  ++state.epochs.tree;
  ++state.epochs.git;
  mode_.store(Mode::kStarting, std::memory_order_relaxed);
}

void Tree::give_up(State& state, std::string why) {
  state.why = std::move(why);
  state.behind = false;
  wanted_.store(false, std::memory_order_relaxed);
  mode_.store(Mode::kChecking, std::memory_order_relaxed);
}

std::optional<Epochs> Tree::epochs() {
  if (mode() != Mode::kWatching || busy_.load()) return std::nullopt;
  auto state = state_.lock();
  return catch_up(*state);
}

std::optional<Epochs> Tree::take_changes(Changes& changes) {
  if (mode() != Mode::kWatching || busy_.load()) return std::nullopt;
  auto state = state_.lock();
  const auto epochs = catch_up(*state);
  if (epochs) changes.take(state->changes);
  return epochs;
}

std::optional<Epochs> Tree::catch_up(State& state) {
  const auto files = files_.lock();
  if (!files || !state.watch || state.behind || state.lost) return std::nullopt;
  switch (state.watch->catch_up(*files, kFewSteps)) {
    case Watch::State::kWhole:
      return state.epochs;
    case Watch::State::kBehind:
      state.behind = true;
      break;
    case Watch::State::kLost:
      ++state.losses;
      state.lost = true;
      mode_.store(Mode::kStarting, std::memory_order_relaxed);
      break;
    case Watch::State::kFailed:
      // The watch is dropped by the next work().
      state.lost = true;
      break;
  }
  wanted_.store(true, std::memory_order_relaxed);
  return std::nullopt;
}

std::optional<Fingerprint> Tree::fingerprint(const Parallel& parallel, const CancelToken& cancel) {
  if (mode() != Mode::kChecking) return std::nullopt;
  const auto files = files_.lock();
  if (!files) return std::nullopt;
  const std::int64_t begun = clock_.steady_ns();
  auto taken = take_fingerprint(*files, parallel, clock_, cancel);
  fingerprint_ns_.store(std::max<std::int64_t>(clock_.steady_ns() - begun, 1),
                        std::memory_order_relaxed);
  return taken;
}

bool Tree::fingerprint_pays(std::int64_t cost_ns) {
  const std::int64_t last = fingerprint_ns_.load(std::memory_order_relaxed);
  if (last <= cost_ns) return true;
  // The last one may have been slow by chance, a cold cache for one: some day it is tried again.
  fingerprint_ns_.store(last - last / 32, std::memory_order_relaxed);
  return false;
}

Standing Tree::standing() const {
  Standing standing;
  standing.root = root_;
  standing.mode = mode();
  auto state = state_.lock();
  standing.losses = state->losses;
  standing.git_known = state->epochs.git_known;
  if (state->watch) standing.directories = state->watch->directories();
  if (standing.mode == Mode::kChecking) standing.why = state->why;
  return standing;
}

}  // namespace quarry::watch
