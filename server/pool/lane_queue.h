// LaneQueue: the jobs of one lane: a bounded queue that counts what passes.
//
// Safe from any thread.
//
// Invariant: depth_ >= the jobs in queue_: a place is reserved before the job is pushed and given
// back after it is taken.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "server/pool/pool.h"
#include "server/pool/queue.h"

namespace quarry::pool {

class LaneQueue {
 public:
  // `fair`: over all that post, at the price of a lock: for jobs that are long beside it.
  LaneQueue(std::size_t limit, bool fair) : limit_(limit), fair_(fair) {}

  // How many of the jobs, from the first on, found a place.
  std::size_t push(const Job* jobs, std::size_t count);
  // False when nothing is queued, or only what another thread is just pushing.
  bool take(Job& job);

  // Orders nothing: a hint for those who could make room.
  bool empty() const { return depth_.load(std::memory_order_relaxed) == 0; }
  void refuse(std::size_t count) { refused_.fetch_add(count, std::memory_order_relaxed); }
  LaneStats stats() const;

 private:
  struct Entry {
    Job job{};
    std::int64_t posted_ns = 0;
  };
  class EntryMaker;

  std::size_t reserve(std::size_t count);

  const std::size_t limit_;
  const bool fair_;
  Queue<Entry> queue_;
  FairQueue<Entry> fair_queue_;  // instead, when fair
  // All relaxed: numbers that are only compared with themselves. The queue and the semaphore of
  // the pool publish what the jobs point to.
  alignas(64) std::atomic<std::size_t> depth_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> refused_{0};
  alignas(64) std::atomic<std::uint64_t> wait_ns_total_{0};
  std::atomic<std::uint64_t> wait_ns_max_{0};
};

}  // namespace quarry::pool
