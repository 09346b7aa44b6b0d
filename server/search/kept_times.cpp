#include "server/search/kept_times.h"

namespace quarry::search {

void KeptTimes::begin(std::size_t entries) {
  count_ = entries;
  if (entries == 0) return;
  times_ = std::make_unique<std::atomic<std::int64_t>[]>(entries);
  for (std::size_t i = 0; i < entries; ++i) times_[i].store(kNone, std::memory_order_relaxed);
}

// Two who find them old at once may forget what the other keeps: that is asked for again. Nobody
// sees the new beginning before the old times are gone.
void KeptTimes::keep(std::size_t entry, std::int64_t mtime_ns, std::int64_t asked_ns) const {
  if (asked_ns - since_ns_.load(std::memory_order_acquire) > kMostNs) {
    for (std::size_t i = 0; i < count_; ++i) times_[i].store(kNone, std::memory_order_relaxed);
    since_ns_.store(asked_ns, std::memory_order_release);
  }
  times_[entry].store(mtime_ns, std::memory_order_relaxed);
}

}  // namespace quarry::search
