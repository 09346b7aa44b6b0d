#include "server/pool/lane_queue.h"

#include <algorithm>
#include <iterator>

#include "server/base/clock.h"

namespace quarry::pool {

// Makes the entries while the queue copies them, so that a bulk push needs no memory of its own.
class LaneQueue::EntryMaker {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Entry;
  using difference_type = std::ptrdiff_t;
  using pointer = const Entry*;
  using reference = Entry;

  EntryMaker(const Job* job, std::int64_t posted_ns) : job_(job), posted_ns_(posted_ns) {}
  Entry operator*() const { return Entry{*job_, posted_ns_}; }
  EntryMaker& operator++() {
    ++job_;
    return *this;
  }
  EntryMaker operator++(int) {
    EntryMaker before = *this;
    ++job_;
    return before;
  }

 private:
  const Job* job_;  // into the caller's array
  std::int64_t posted_ns_;
};

std::size_t LaneQueue::reserve(std::size_t count) {
  std::size_t depth = depth_.load(std::memory_order_relaxed);
  std::size_t places = 0;
  do {
    places = std::min(count, limit_ - std::min(limit_, depth));
    if (places == 0) return 0;
  } while (!depth_.compare_exchange_weak(depth, depth + places, std::memory_order_relaxed));
  return places;
}

std::size_t LaneQueue::push(const Job* jobs, std::size_t count) {
  std::size_t places = reserve(count);
  if (places > 0) {
    const std::int64_t now = SystemClock().steady_ns();
    const auto push_to = [&](auto& queue) {
      return places == 1 ? queue.push(Entry{*jobs, now})
                         : queue.push_bulk(EntryMaker(jobs, now), places);
    };
    const bool pushed = fair_ ? push_to(fair_queue_) : push_to(queue_);
    if (!pushed) {
      depth_.fetch_sub(places, std::memory_order_relaxed);
      places = 0;
    }
  }
  if (places > 0) accepted_.fetch_add(places, std::memory_order_relaxed);
  if (places < count) refuse(count - places);
  return places;
}

bool LaneQueue::take(Job& job) {
  // An empty lane is asked far more often than it is filled, and asking the queue costs more.
  if (empty()) return false;
  Entry entry;
  if (!(fair_ ? fair_queue_.take(entry) : queue_.take(entry))) return false;
  depth_.fetch_sub(1, std::memory_order_relaxed);
  job = entry.job;
  const std::int64_t waited = SystemClock().steady_ns() - entry.posted_ns;
  const auto wait_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(waited, 0));
  wait_ns_total_.fetch_add(wait_ns, std::memory_order_relaxed);
  std::uint64_t longest = wait_ns_max_.load(std::memory_order_relaxed);
  while (wait_ns > longest &&
         !wait_ns_max_.compare_exchange_weak(longest, wait_ns, std::memory_order_relaxed)) {
  }
  return true;
}

LaneStats LaneQueue::stats() const {
  LaneStats stats;
  stats.depth = depth_.load(std::memory_order_relaxed);
  stats.limit = limit_;
  stats.accepted = accepted_.load(std::memory_order_relaxed);
  stats.refused = refused_.load(std::memory_order_relaxed);
  stats.wait_ns_total = wait_ns_total_.load(std::memory_order_relaxed);
  stats.wait_ns_max = wait_ns_max_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace quarry::pool
