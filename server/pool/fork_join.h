// ForkJoin: one call of Pool::fork_join, shared by its caller and the helpers it posted.
//
// Indexes are handed out by a counter. The caller may not return before every index is accounted
// for; a helper touches `body` and `cancel`, which are the caller's, only between taking an index
// and accounting for it. A helper that comes too late finds no index and touches neither.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>

#include "server/base/cancel.h"
#include "server/pool/semaphore.h"

namespace quarry::pool {

class ForkJoin {
 public:
  ForkJoin(std::size_t count, const std::function<void(std::size_t)>& body,
           const CancelToken* cancel)
      : count_(count), body_(body), cancel_(cancel) {}

  // Runs bodies until all indexes are taken (true) or, after at least one body, `leave()` says
  // that something more urgent waits (false).
  template <class Leave>
  bool help(Leave leave) {
    while (run_one()) {
      if (leave()) return false;
    }
    return true;
  }

  // Until the bodies that others have begun are done; throws what the first body that failed threw.
  // The caller's, after help() returned true.
  void join();

 private:
  bool run_one();
  bool skipping() const;
  void fail();
  void account(std::size_t indexes);

  const std::size_t count_;
  const std::function<void(std::size_t)>& body_;  // the caller's, see above
  const CancelToken* cancel_;                     // the caller's, see above
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;  // written by the body that failed first, before it is accounted for
  Semaphore all_done_;
};

}  // namespace quarry::pool
