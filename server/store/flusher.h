// Flusher: sees to it that what is pending is brought to disk soon, and who does it.
//
// With a Background: a few milliseconds after the first change, again while something is pending,
// and at once when the room for it is crowded. Under a stream of changes flushing takes at most a
// twentieth of the time, so that calls seldom meet it; a change waits for half a second at most.
// Less and less often while the disk refuses, with one line on stderr when that begins and one when
// it is over. Without: the change that finds the last flush a while ago does it
// itself. Dead readers are cleared now and then by the same means.
//
// Safe from any thread. The destructor waits for a work that is running.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "server/base/background.h"
#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/base/result.h"

namespace quarry::store {

class Flusher {
 public:
  struct Parts {
    Background* background = nullptr;  // or null
    const Clock& clock;
    // Brings to disk what is pending; false: there was nothing.
    std::function<Result<bool>()> flush;
    std::function<bool()> is_pending;
    std::function<void()> clear_dead_readers;
  };

  explicit Flusher(Parts parts);
  ~Flusher();
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // Something is pending. True when it is not any more.
  bool changed(bool crowded);
  // All was brought to disk by somebody else.
  void flushed() { flushed_ns_.store(parts_.clock.steady_ns(), std::memory_order_relaxed); }

 private:
  struct Handle {
    Guarded<Flusher*> owner;  // null once the flusher is gone
  };

  std::chrono::milliseconds wait() const;
  void arm(std::chrono::milliseconds delay);
  void arm_clearing();
  void run();
  bool flush_now();

  const Parts parts_;
  const std::shared_ptr<Handle> handle_;  // owners: this, and each work that is not done yet
  std::atomic<bool> armed_{false};
  std::atomic<bool> hurried_{false};
  std::atomic<std::uint64_t> changes_{0};
  std::atomic<std::int64_t> flushed_ns_;
  std::atomic<std::int64_t> took_ns_{0};  // the last flush
  std::atomic<std::int64_t> refused_{0};  // how many times in a row
};

}  // namespace quarry::store
