// CommitQueue: many threads, one commit at a time, as many changes in each as have come.
//
// apply() returns when the commit that holds its change is done. The first to come leads: it
// commits everything that waits (itself alone at once; what comes meanwhile is the next batch)
// and wakes the others; then one of those leads. No thread of its own, no waiting for company.
//
// Safe from any thread.
//
// Invariant: at most one thread is inside `commit`.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>

#include "server/base/guarded.h"
#include "server/base/result.h"
#include "server/store/store.h"

namespace quarry::store {

struct PendingChange {
  const Store::Work* work = nullptr;
  Result<void> outcome{};  // set by `commit`
  std::uint64_t puts = 0;  // by `commit`: how many records it wrote
  bool wrote = false;      // by `commit`: whether it changed anything
  // By `commit`: as Written's.
  std::uint64_t generation = kNoGeneration;
  bool done = false;  // under the queue's lock
};

class CommitQueue {
 public:
  static constexpr std::size_t kMostChanges = 1000;
  using Batch = std::span<PendingChange* const>;

  // `commit` makes a batch durable and sets each outcome.
  explicit CommitQueue(std::function<void(Batch)> commit) : commit_(std::move(commit)) {}

  Result<void> apply(PendingChange& change);

  // Changes that no commit has taken up yet.
  std::size_t waiting() const { return queue_.lock()->waiting.size(); }

 private:
  struct Queue {
    std::deque<PendingChange*> waiting;  // each on the stack of a thread in apply()
    bool led = false;
  };

  std::function<void(Batch)> commit_;
  std::condition_variable changed_;
  mutable Guarded<Queue> queue_;
};

}  // namespace quarry::store
