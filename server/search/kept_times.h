// KeptTimes: when the entries of a directory changed last, as far as somebody has asked.
//
// A watch does not tell of everything (watch/tree.h), so nothing is given out for longer than
// kMostNs: then all of a directory are forgotten together.
//
// Thread-compatible; const members, keep() too, are safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>

#include "server/watch/tree.h"

namespace quarry::search {

class KeptTimes {
 public:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kMostNs = watch::kMaxLookAgeNs;

  // For so many entries, of which nothing is known yet.
  void begin(std::size_t entries);

  // mtime in ns, or kNone. `now_ns` and `asked_ns` are a steady clock's.
  std::int64_t get(std::size_t entry, std::int64_t now_ns) const {
    if (now_ns - since_ns_.load(std::memory_order_acquire) > kMostNs) return kNone;
    return times_[entry].load(std::memory_order_relaxed);
  }
  // `asked_ns`: when the system had not been asked for it yet.
  void keep(std::size_t entry, std::int64_t mtime_ns, std::int64_t asked_ns) const;
  // The oldest `asked_ns` of what is kept, or an older one.
  std::int64_t since_ns() const { return since_ns_.load(std::memory_order_acquire); }

 private:
  using Times = std::unique_ptr<std::atomic<std::int64_t>[]>;

  std::size_t count_ = 0;
  Times times_;
  // No time that is kept was asked for before.
  mutable std::atomic<std::int64_t> since_ns_{0};
};

}  // namespace quarry::search
