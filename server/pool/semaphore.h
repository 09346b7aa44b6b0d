// Semaphore: counts wake-ups; waiting sleeps at once instead of spinning (see pool.h), and
// signalling enters the kernel only when somebody sleeps. There is no bounded wait: moodycamel's is
// on the wall clock, which may be set back. Safe from any thread.

#pragma once

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

 private:
  moodycamel::LightweightSemaphore semaphore_{0, 0};  // second: spins
};

}  // namespace quarry::pool
