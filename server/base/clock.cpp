#include "server/base/clock.h"

#include <ctime>

namespace quarry {
namespace {

std::int64_t read_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::steady_ns() const {
  return read_ns(CLOCK_MONOTONIC);
}
std::int64_t SystemClock::wall_ms() const {
  return read_ns(CLOCK_REALTIME) / 1'000'000;
}

}  // namespace quarry
