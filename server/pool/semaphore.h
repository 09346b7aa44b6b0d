// Semaphore: counts wake-ups; waiting sleeps at once instead of spinning (see pool.h), and
// signalling enters the kernel only when somebody sleeps. Safe from any thread.

#pragma once

#include <chrono>
#include <cstddef>

#include <concurrentqueue.h>  // lightweightsemaphore.h 1.0.3 does not compile without it
#include <lightweightsemaphore.h>

namespace quarry::pool {

class Semaphore {
 public:
  void signal(std::size_t count = 1) {
    if (count > 0) semaphore_.signal(static_cast<std::ptrdiff_t>(count));
  }
  void wait() { semaphore_.wait(); }
  // False when the time passed first.
  bool wait_for(std::chrono::microseconds limit) { return semaphore_.wait(limit.count()); }

 private:
  moodycamel::LightweightSemaphore semaphore_{0, 0};  // second: spins
};

}  // namespace quarry::pool
