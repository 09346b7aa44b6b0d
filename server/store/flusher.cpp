#include "server/store/flusher.h"

#include <algorithm>

#include "server/base/log.h"

namespace quarry::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSoon{10};
constexpr milliseconds kLongestBackOff{5000};
constexpr milliseconds kClearing{60'000};
constexpr std::int64_t kRestShare = 19;  // of rest for one of flushing
constexpr milliseconds kLongestRest{500};
constexpr std::uint64_t kChangesPerClearing = 10'000;  // without a Background

}  // namespace

milliseconds Flusher::wait() const {
  const std::int64_t refused = refused_.load(std::memory_order_relaxed);
  if (refused > 0) {
    return std::min(kSoon * (std::int64_t{1} << std::min<std::int64_t>(refused, 10)),
                    kLongestBackOff);
  }
  const milliseconds rest(took_ns_.load(std::memory_order_relaxed) * kRestShare / 1'000'000);
  return std::clamp(rest, kSoon, kLongestRest);
}

Flusher::Flusher(Parts parts)
    : parts_(std::move(parts)),
      handle_(std::make_shared<Handle>()),
      flushed_ns_(parts_.clock.steady_ns()) {
  *handle_->owner.lock() = this;
  if (parts_.background == nullptr) return;
  arm_clearing();
  if (parts_.is_pending()) changed(false);  // left by a process that died
}

Flusher::~Flusher() {
  *handle_->owner.lock() = nullptr;
}

void Flusher::arm_clearing() {
  parts_.background->after(kClearing, [handle = handle_] {
    auto owner = handle->owner.lock();
    if (*owner == nullptr) return;
    (*owner)->parts_.clear_dead_readers();
    (*owner)->arm_clearing();
  });
}

void Flusher::arm(milliseconds delay) {
  parts_.background->after(delay, [handle = handle_] {
    auto owner = handle->owner.lock();
    if (*owner != nullptr) (*owner)->run();
  });
}

bool Flusher::changed(bool crowded) {
  const std::uint64_t changes = changes_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (parts_.background == nullptr) {
    if (changes % kChangesPerClearing == 0) parts_.clear_dead_readers();
    const std::int64_t waited_ns =
        parts_.clock.steady_ns() - flushed_ns_.load(std::memory_order_relaxed);
    return (crowded || waited_ns > std::chrono::nanoseconds(wait()).count()) && flush_now();
  }
  // Pairs with the exchange in run(): whoever finds it armed was committed before that flush reads.
  if (!armed_.exchange(true)) arm(wait());
  if (crowded && refused_.load(std::memory_order_relaxed) == 0 && !hurried_.exchange(true)) {
    arm(milliseconds(0));
  }
  return false;
}

void Flusher::run() {
  hurried_.store(false);
  armed_.exchange(false);
  flush_now();
  if (parts_.is_pending() && !armed_.exchange(true)) {
    arm(wait());
  }
}

bool Flusher::flush_now() {
  const std::int64_t begun = parts_.clock.steady_ns();
  const Result<bool> flushed = parts_.flush();
  this->flushed();
  took_ns_.store(parts_.clock.steady_ns() - begun, std::memory_order_relaxed);
  if (flushed) {
    if (refused_.exchange(0) > 0) log::warning("changes of the store reach the disk again");
    return true;
  }
  if (refused_.fetch_add(1) == 0) {
    log::warning("changes of the store are not on disk yet, and are tried again: {}",
                 flushed.error().message);
  }
  return false;
}

}  // namespace quarry::store
