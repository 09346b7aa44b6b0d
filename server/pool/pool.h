// Pool: lanes of work for a fixed number of worker threads, and fork-join inside one job.
//
// Two lanes, each bounded: quick jobs on a lock-free queue, heavy ones in the order in which they
// were posted, whoever posted them; quick jobs are taken first, and heavy jobs never
// occupy every worker (with two or more workers), so that quick work always finds one. Helpers of
// a fork_join may use that last worker too, and make room for quick jobs after each body. post()
// on a full lane returns false at once. Sleeping workers wait on a semaphore without spinning
// (spinning on two cores steals the client's core: p99 2 ms against 16 us).
//
// Every accepted job runs exactly once, also during shutdown: the destructor runs what is queued
// and joins. Jobs must not throw.
//
// Threads start with the first work. With zero workers post() returns false and fork_join runs
// everything on the caller.
//
// Safe from any thread.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "server/base/cancel.h"

namespace quarry::pool {

enum class Lane : std::uint8_t { kQuick, kHeavy };

// A plain pair instead of std::function: posting allocates nothing of ours.
struct Job {
  void (*run)(void* what);
  void* what;
};

struct LaneStats {
  std::size_t depth = 0;  // queued now
  std::size_t limit = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t wait_ns_total = 0;  // from post to start
  std::uint64_t wait_ns_max = 0;
};

class Pool {
 public:
  struct Options {
    std::size_t workers = 2;
    std::size_t quick_limit = 16384;  // queued jobs
    std::size_t heavy_limit = 16384;
  };

  explicit Pool(const Options& options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t workers() const;

  // False when the lane is full (the caller answers "busy") or there are no workers.
  [[nodiscard]] bool post(Lane lane, Job job);
  // Posts `count` jobs of one lane with one hand-over; returns how many were accepted (a prefix).
  std::size_t post_bulk(Lane lane, const Job* jobs, std::size_t count);

  // Calls body(i) for every i in [0, count), on the calling thread and on idle workers. The
  // caller takes part until all indexes are taken, then waits only for bodies that have begun,
  // so a full pool, or a call from inside a job, cannot deadlock. Indexes not yet begun are
  // skipped once `cancel` is stopped or a body has thrown: what the first threw (a std::exception)
  // is thrown here when the others are done.
  void fork_join(std::size_t count, const std::function<void(std::size_t)>& body,
                 const CancelToken* cancel = nullptr);

  // True as soon as no accepted job is left, false after `limit`. By one thread at a time.
  bool wait_until_idle(std::chrono::milliseconds limit);

  LaneStats stats(Lane lane) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quarry::pool
