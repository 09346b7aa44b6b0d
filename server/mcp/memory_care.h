// MemoryCare: gives back memory that the server does not need, and keeps it from taking too much.
//
// Idle: some seconds after the last of some calls the buffers that calls reuse are freed and the
// allocator's free pages go back to the kernel, when that is notably more than what is in use. The
// wait is armed by calls: a server that is asked nothing, or little, does nothing.
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
  static constexpr std::int64_t kTrimGapMs = 2000;                // between trims under pressure
  static constexpr std::int64_t kWaste = std::int64_t{4} << 20U;  // free pages worth a trim

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
  std::atomic<bool> over_{false};      // as of the last look
  std::atomic<bool> armed_{false};     // an idle work waits
  std::atomic<bool> trimming_{false};  // somebody is at it
  std::atomic<std::int64_t> pressed_ms_{0};
  mutable Guarded<Stats> stats_;
};

}  // namespace quarry::mcp
