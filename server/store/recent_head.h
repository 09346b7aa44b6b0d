// RecentHead: what all processes know of the log of recent changes: how far it reaches.
//
// One page of a file that is mapped by each of them, as LMDB's own lock file is. Its blocks are
// written before it is mapped. `position` is the one authority: what lies behind it in the log was
// never acknowledged. It outlives every process; after a restart of the machine it means nothing
// (and the log is removed, once taken over: recent_replay.h).
//
// Readers at any time, one writer at a time. Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "server/base/result.h"

namespace quarry::store {

class RecentHead {
 public:
  struct Position {
    // How often the log was begun anew, 32 bits; its parity names the file.
    std::uint64_t resets = 0;
    std::uint64_t end = 0;  // bytes of the log
    // Another one after each change and each new beginning.
    std::uint64_t word() const { return resets << 32U | end; }
    // Where the log is begun anew.
    Position next() const { return {(resets + 1) & 0xFFFFFFFFU, 0}; }
    bool operator==(const Position&) const = default;
  };
  static constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32U;  // of `end`

  // The file `head` in the directory `folder`; made when it is not there. kInternal: there is
  // something else, or nothing, though it must not be new.
  static Result<std::unique_ptr<RecentHead>> open(int folder, bool may_be_new);
  ~RecentHead();
  RecentHead(const RecentHead&) = delete;
  RecentHead& operator=(const RecentHead&) = delete;

  // Different each time that the file is made.
  std::uint64_t epoch() const { return page_->epoch; }
  Position position() const {
    const std::uint64_t word = page_->position.load(std::memory_order_acquire);
    return {word >> 32U, word & 0xFFFFFFFFU};
  }
  // The number of the last change, ever.
  std::uint64_t last_change() const { return page_->last_change.load(std::memory_order_acquire); }
  // The writer's: a change is in the log up to `position` and so acknowledged. In this order, so
  // that a number is not given twice whenever the writer dies.
  void advance(std::uint64_t change, Position position) {
    page_->last_change.store(change, std::memory_order_release);
    page_->position.store(position.word(), std::memory_order_release);
  }
  // Who writes, as PageLock has it. 0 in a new file.
  std::atomic<std::uint64_t>& writer() { return page_->writer; }

 private:
  struct Page {
    std::uint64_t magic;
    std::uint64_t epoch;
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> last_change;
    std::atomic<std::uint64_t> writer;
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  explicit RecentHead(Page* page) : page_(page) {}
  Page* page_;  // mapped
};

}  // namespace quarry::store
