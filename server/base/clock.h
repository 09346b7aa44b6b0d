// Clock: what time it is, behind an interface so that tests can turn it by hand.
//
// steady_ns() never goes back and measures deadlines; wall_ms() is Unix time for what is stored.
// Safe from any thread.

#pragma once

#include <cstdint>

namespace quarry {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t steady_ns() const = 0;
  virtual std::int64_t wall_ms() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  std::int64_t steady_ns() const override;
  std::int64_t wall_ms() const override;
};

}  // namespace quarry
