// PageLock: one writer at a time among processes, by a word of memory that they share.
//
// Taking and releasing it costs no system call as long as nobody else wants it, where a lock of the
// kernel's costs two (1.5 us). The word is 0, or who holds it: the number of a byte that its
// process keeps locked in the state directory for as long as it lives, and a random part. Who finds
// it taken asks the kernel for that byte's lock now and then: of a process that died the lock is
// taken over, one that was stopped keeps it.
//
// Between processes only: threads of one process exclude each other by other means.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "server/store/state_directory.h"

namespace quarry::store {

class PageLock {
 public:
  // Both outlive it.
  PageLock(std::atomic<std::uint64_t>& word, StateDirectory& directory);

  // False when another process kept it for all of `patience`.
  bool lock(std::chrono::milliseconds patience);
  void unlock() { word_.store(0, std::memory_order_release); }

 private:
  bool wait(std::uint64_t holder, std::chrono::milliseconds patience);

  std::atomic<std::uint64_t>& word_;
  StateDirectory& directory_;
  const std::uint64_t own_;
};

}  // namespace quarry::store
