// CancelToken: one call's "stop now": cancelled by the client, or past its deadline.
//
// Engines call check() at the head of every loop that can run longer than about 10 ms. cancel()
// comes from the reader thread while a worker runs the call. Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "server/base/clock.h"
#include "server/base/result.h"

namespace quarry {

class CancelToken {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  // `deadline_ns` is on clock.steady_ns(). `clock` must outlive the token.
  explicit CancelToken(const Clock& clock, std::int64_t deadline_ns = kNever)
      : clock_(&clock), deadline_ns_(deadline_ns) {}

  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  bool expired() const { return deadline_ns_ != kNever && clock_->steady_ns() >= deadline_ns_; }
  bool stopped() const { return cancelled() || expired(); }
  std::int64_t deadline_ns() const { return deadline_ns_; }
  // Time left, never negative; kNever without a deadline.
  std::int64_t remaining_ns() const {
    if (deadline_ns_ == kNever) return kNever;
    const std::int64_t left = deadline_ns_ - clock_->steady_ns();
    return left > 0 ? left : 0;
  }

  // kCancelled or kTimeout.
  Result<void> check() const {
    if (cancelled()) return fail(Code::kCancelled, "cancelled");
    if (expired()) return fail(Code::kTimeout, "the call's time is up; narrow it and call again");
    return {};
  }

 private:
  const Clock* clock_;
  std::int64_t deadline_ns_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace quarry
