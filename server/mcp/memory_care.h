// MemoryCare: gives back memory that the server does not need, and keeps it from taking too much.
//
// Idle: some seconds after the last of some calls the buffers that calls reuse are freed and the
// allocator's free pages go back to the kernel, when the process holds more than the last idle
// trim left. The wait is armed by calls: a server that is asked nothing, or little, does
// nothing.
// Growth: the same now and then while calls go on, so that what the allocator cannot reuse does not
// add up over millions of them.
// Pressure: the same at once when the process holds more than the soft limit.
// Refusal: beyond four fifths of the hard limit heavy work is declined until there is less.
//
// "Holds" is resident anonymous memory: mapped files count for nothing here. It is looked at every
// kCallsPerLook calls and before heavy work, at most every kLookGapMs.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>

#include "server/base/background.h"
#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/base/result.h"
#include "server/mcp/call.h"
#include "server/metrics/memory.h"

namespace quarry::mcp {

class MemoryCare {
 public:
  static constexpr std::chrono::milliseconds kIdle{5000};
  static constexpr std::uint64_t kCallsPerLook = 256;
  static constexpr std::int64_t kLookGapMs = 10;
  static constexpr std::int64_t kTrimGapMs = 2000;  // between trims while calls go on
  // How much more than the last trim of the kind left makes the next one worth it.
  static constexpr std::int64_t kIdleGrowth = std::int64_t{256} << 10U;
  static constexpr std::int64_t kGrowth = std::int64_t{1} << 20U;  // while calls go on

  struct Limits {
    std::int64_t soft_bytes = std::int64_t{400} << 20U;
    std::int64_t hard_bytes = std::int64_t{512} << 20U;
    std::int64_t refuse_at() const { return hard_bytes / 5 * 4; }
  };
  // Everything outlives the care, and `background` drops its works before the care ends. Without
  // `background` (null) there is no idle trim.
  struct Parts {
    CallPool& calls;
    const metrics::ProcessMemory& memory;
    const Clock& clock;
    Background* background;
    Limits limits;
  };
  struct Stats {
    std::uint64_t idle_trims = 0;
    std::uint64_t growth_trims = 0;
    std::uint64_t pressure_trims = 0;
    std::uint64_t refused = 0;      // heavy calls
    std::int64_t given_back = 0;    // bytes, over all trims
    std::int64_t last_trim_ms = 0;  // Unix time; 0: never
  };

  explicit MemoryCare(const Parts& parts) : parts_(parts) {}
  MemoryCare(const MemoryCare&) = delete;
  MemoryCare& operator=(const MemoryCare&) = delete;

  // kUnavailable while the process holds too much for more heavy work.
  Result<void> admit_heavy();
  // A call came to its end: what its request and answer took, and whether it was heavy work.
  void call_ended(std::size_t request_bytes, std::size_t answer_bytes, bool heavy);

  const Limits& limits() const { return parts_.limits; }
  CallPool::Kept kept() const { return parts_.calls.kept(); }
  std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  std::uint64_t request_bytes() const { return request_bytes_.load(std::memory_order_relaxed); }
  Stats stats() const { return *stats_.lock(); }

 private:
  void look();
  void arm();
  void idle(std::uint64_t calls_before);
  bool trim(std::uint64_t Stats::*cause);

  const Parts parts_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> request_bytes_{0};
  std::atomic<std::int64_t> looked_ms_{0};
  std::atomic<bool> over_{false};            // as of the last look
  std::atomic<bool> armed_{false};           // an idle work waits
  std::atomic<bool> trimming_{false};        // somebody is at it
  std::atomic<std::int64_t> trimmed_ms_{0};  // steady
  std::atomic<std::int64_t> busy_left_{0};   // held after the last trim, or at the first look
  std::atomic<std::int64_t> idle_left_{0};   // held after the last idle trim
  mutable Guarded<Stats> stats_;
};

}  // namespace quarry::mcp
