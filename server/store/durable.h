// Durable: the durable tables, in two parts of which one lies before the other.
//
// `state` is a database, synchronised to disk by each commit, which takes milliseconds. `recent` is
// a log, which is not, and takes a microsecond: what it holds survives the death of every process,
// but not that of the machine. Changes that need not be on disk at once are appended to `recent`;
// flush() takes them over into `state`, all of them in one transaction, and then forgets them in
// `recent`. So `state` on disk is at any moment what the store was at some moment: no change is
// torn, and none is there without those before it.
//
// A reader looks into `recent` first and then into `state`: what flush() moves in between is found
// in the second place. A record in `recent` that `state` covers (covered.h) does not count. What
// flush() has moved lately is found without the database (settled.h).
//
// Locks: state writer before recent writer, between processes and in this one. flush() does not
// hold the second while it waits for the disk. Keys and records are those of the database.
//
// Safe from any thread. Not to be used in the child of a fork.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "server/base/guarded.h"
#include "server/store/change_set.h"
#include "server/store/commit_queue.h"
#include "server/store/covered.h"
#include "server/store/environment.h"
#include "server/store/layer.h"
#include "server/store/page_lock.h"
#include "server/store/recent_log.h"
#include "server/store/settled.h"
#include "server/store/state_directory.h"

namespace quarry::store {

class Durable {
 public:
  struct Parts {
    StateDirectory& directory;  // outlives this
    std::unique_ptr<Environment> state;
    std::unique_ptr<RecentLog> recent;
    std::size_t recent_bytes = 0;           // that `recent` may hold
    std::chrono::milliseconds patience{};   // with the writer of another process
    std::function<std::uint32_t()> second;  // the time, for records
    std::function<void()> on_damage;        // a damaged record was met
  };

  explicit Durable(Parts parts);

  Result<bool> find(std::string_view key, std::string& record);
  // As of one moment, unless `recent` changes all the time.
  Result<Layer> list(std::string_view prefix, std::string_view after, std::size_t count,
                     std::size_t bytes);

  // Appends `change` to `recent`. False when it does not fit there or the disk has no space for it,
  // or when `state` might have no room for it: nothing was done, and it is change_state() that can
  // (it has pages to write anew), or knows that it cannot.
  Result<bool> change_recent(PendingChange& change);
  // Commits all of `batch` that does not fail into `state`, with what `recent` holds.
  void change_state(CommitQueue::Batch batch);
  // Takes over what `recent` holds. True when there was something.
  Result<bool> flush(std::chrono::milliseconds patience);

  // Removes what find_doubt() finds in `state`.
  Result<void> forget_doubt();

  // Whether `recent` holds something that is not on disk; its records.
  Result<std::uint64_t> pending();
  // Much is pending: to be flushed soon.
  bool crowded() const { return crowded_; }
  std::uint64_t generation() const { return recent_->position().word() + state_->last_change(); }
  void clear_dead_readers() { state_->clear_dead_readers(); }
  Environment& state() { return *state_; }
  const RecentLog& recent() const { return *recent_; }
  std::size_t recent_limit() const { return recent_bytes_; }
  std::uint64_t flushes() const { return flushes_; }

 private:
  class Merged;
  class InState;

  // What is read once of each state of `state`.
  struct Known {
    std::uint64_t state = UINT64_MAX;  // its last change
    Covered covered;
    std::uint64_t used_bytes = 0;
  };

  Result<Known> known_state();
  Result<Known> known_in(const Environment::Snapshot& state);
  Result<bool> find_in_state(std::uint64_t state, std::string_view key, std::string& record);
  Result<void> take_over(const Layer& pending, std::uint64_t last);
  Result<void> reclaim();
  bool give_back(std::chrono::milliseconds patience);
  bool can_be_taken_over(const Known& state, const RecentLog::Size& pending,
                         const ChangeSet& more) const;
  bool obsolete(std::uint64_t change, const Covered& covered) const;
  Layer valid(RecentLog::Part&& part, const Covered& covered) const;
  Result<Layer> pending_records(std::uint64_t& last);
  Result<void> commit_batch(CommitQueue::Batch batch);

  // Closed in the reverse order.
  const std::unique_ptr<Environment> state_;
  const std::unique_ptr<RecentLog> recent_;
  // Between processes.
  StateDirectory::ByteLock state_lock_;
  PageLock recent_lock_;
  const std::size_t recent_bytes_;
  const std::chrono::milliseconds patience_;
  const std::function<std::uint32_t()> second_;
  const std::function<void()> on_damage_;
  std::atomic<std::uint64_t> flushes_{0};
  std::atomic<bool> crowded_{false};
  Guarded<Known> known_;
  Settled settled_;
  Guarded<int> state_writer_;   // held by the one thread that changes `state`
  Guarded<int> recent_writer_;  // the same of `recent`
};

}  // namespace quarry::store
