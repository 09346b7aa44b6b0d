// Background: work that nobody waits for, done a little later by somebody else.
//
// Works run one at a time. Each is short or gives way by itself, must not throw, and must be
// harmless to lose: what is not due when the process ends is dropped.
//
// Safe from any thread, also from inside a work.

#pragma once

#include <chrono>
#include <functional>

namespace quarry {

class Background {
 public:
  virtual ~Background() = default;
  // Runs `work` once, no earlier than `delay` from now.
  virtual void after(std::chrono::milliseconds delay, std::function<void()> work) = 0;
};

}  // namespace quarry
