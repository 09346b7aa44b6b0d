// Stop: when a search should end with what it has: the client cancelled, so little time is left
// that the answer must be put together now, or a look that may only take so long has taken it.
// const, safe from any thread.

#pragma once

#include <algorithm>
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

  bool now() const {
    return token_->cancelled() ||
           (end_ns_ != CancelToken::kNever && clock_->steady_ns() >= end_ns_);
  }
  bool cancelled() const { return token_->cancelled(); }

 private:
  const CancelToken* token_;
  const Clock* clock_;
  std::int64_t end_ns_ = CancelToken::kNever;
};

}  // namespace quarry::search
