// Stop: when a search should end with what it has: the client cancelled, so little time is left
// that the answer must be put together now, or a look that may only take so long, or so much work,
// has taken it. const, safe from any thread.
//
// Pace: asks a Stop once in so much work, where a clock read for each item would be felt. Belongs
// to one thread.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "server/base/cancel.h"
#include "server/base/clock.h"

namespace quarry::search {

class Stop {
 public:
  // Keeps a tenth of the time that is left, at most 200 ms, for the answer.
  Stop(const CancelToken& token, const Clock& clock) : token_(&token), clock_(&clock) {
    if (token.deadline_ns() == CancelToken::kNever) return;
    end_ns_ = token.deadline_ns() - std::min<std::int64_t>(token.remaining_ns() / 10, 200'000'000);
  }

  // The same, but no later than `ns` from now, and after at most a quarter of the time left.
  Stop within(std::int64_t ns) const {
    Stop sooner = *this;
    const std::int64_t now_ns = clock_->steady_ns();
    if (end_ns_ != CancelToken::kNever) ns = std::min(ns, (end_ns_ - now_ns) / 4);
    sooner.end_ns_ = now_ns + std::max<std::int64_t>(ns, 0);
    return sooner;
  }

  // For what must be done even when the search has stopped: the same, and at least `ns` from now.
  Stop extended(std::int64_t ns) const {
    Stop later = *this;
    later.end_ns_ = std::max(end_ns_, clock_->steady_ns() + ns);
    return later;
  }

  // The same, and when `steps` are used up, whoever spends them. They outlive it.
  Stop spending(std::atomic<std::int64_t>& steps) const {
    Stop bounded = *this;
    bounded.steps_ = &steps;
    return bounded;
  }

  bool now() const {
    return token_->cancelled() || used_up() ||
           (end_ns_ != CancelToken::kNever && clock_->steady_ns() >= end_ns_);
  }
  // The same, when `steps` more were done.
  bool after(std::int64_t steps) const {
    if (steps_ != nullptr) steps_->fetch_sub(steps, std::memory_order_relaxed);
    return now();
  }
  // It is work, not time, that is over.
  bool used_up() const { return steps_ != nullptr && steps_->load(std::memory_order_relaxed) <= 0; }
  bool cancelled() const { return token_->cancelled(); }
  std::int64_t steady_ns() const { return clock_->steady_ns(); }

 private:
  const CancelToken* token_;
  const Clock* clock_;
  std::int64_t end_ns_ = CancelToken::kNever;
  std::atomic<std::int64_t>* steps_ = nullptr;
};

class Pace {
 public:
  // A step is about what comparing a character with one of a pattern takes: some nanoseconds.
  static constexpr std::int64_t kSteps = 1 << 19;

  explicit Pace(const Stop& stop) : stop_(&stop) {}

  // `steps` more were done: whether it is time to stop. It stays so.
  bool over(std::size_t steps) {
    left_ -= static_cast<std::int64_t>(steps);
    if (left_ <= 0) ask();
    return over_;
  }
  bool over() const { return over_; }

 private:
  void ask() {
    over_ = over_ || stop_->after(kSteps - left_);
    left_ = kSteps;
  }

  const Stop* stop_;
  std::int64_t left_ = kSteps;
  bool over_ = false;
};

}  // namespace quarry::search
