// A clock that stands still: nothing that waits for its time comes.

#pragma once

#include <cstdint>

#include "server/base/clock.h"

namespace quarry::test {

class StillClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return 0; }
  std::int64_t wall_ms() const override { return 1'700'000'000'000; }
};

}  // namespace quarry::test
