// A clock that a test turns by hand; both of its times go on together.

#pragma once

#include <cstdint>

#include "server/base/clock.h"

namespace quarry::test {

class TurnedClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ms * 1'000'000; }
  std::int64_t wall_ms() const override { return now_ms; }
  std::int64_t now_ms = 1'700'000'000'000;
};

}  // namespace quarry::test
