// LmdbStore: the Store on disk, in two environments of one state directory.
//
// `state`: a change is acknowledged when it is on disk; changes that come together share a commit.
// When nine tenths of its map are used, only erasing and nothing new is accepted.
// `cache`: not synchronised to disk by commits, emptied when the machine was restarted; when three
// quarters of its map are used, each put removes the older half of a sample.
//
// A put waits for another process that is just writing, but not for one that was stopped while
// writing: after the patience given it fails with kUnavailable.
//
// Safe from any thread. One per process and directory (see StateDirectory); not to be used in the
// child of a fork.

#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/store/commit_queue.h"
#include "server/store/environment.h"
#include "server/store/state_directory.h"
#include "server/store/store.h"

namespace quarry::store {

class LmdbStore final : public Store {
 public:
  struct Options {
    std::size_t state_map_bytes = std::size_t{1} << 30U;
    std::size_t cache_map_bytes = std::size_t{8} << 30U;
    unsigned int max_readers = 1024;
    std::chrono::milliseconds state_patience{5000};
    std::chrono::milliseconds cache_patience{50};
    const Clock* clock = nullptr;  // the machine's, when null; else it must outlive the store
  };

  // kUnavailable, with the reason, when the directory cannot be used.
  static Result<std::unique_ptr<Store>> open(const std::string& path, const Options& options);

  std::optional<std::string> get(Table table, std::string_view key) override;
  Result<void> put(Table table, std::string_view key, std::string_view value) override;
  Result<void> erase(Table table, std::string_view key) override;
  Result<void> each(Table table, const Visit& visit) override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override;
  Result<Written> change(const Work& work) override;
  Result<void> flush() override { return {}; }
  std::uint64_t generation() const override { return state_->last_change(); }
  Durability durability() const override { return Durability::kFull; }
  StoreStats stats() const override;

 private:
  struct Sweep {
    std::string position;  // the last key that was looked at
  };

  LmdbStore(std::unique_ptr<StateDirectory> directory, std::unique_ptr<Environment> state,
            std::unique_ptr<Environment> cache, const Options& options);

  class Open;

  Environment& environment(Table table);
  Result<void> visit_records(Table table, std::string_view prefix, std::string_view after,
                             const Visit& visit);
  void count_damage(Table table, std::string_view what);
  void note_failure(Table table, const Error& error);
  Failure out_of_order(Table table);
  Result<void> apply(Table table, PendingChange& change);
  Result<void> commit_state(CommitQueue::Batch batch);
  void commit_state_batch(CommitQueue::Batch batch);
  Result<void> change_cache(const PendingChange& change);
  static Result<void> evict(Environment::Change& change, Sweep& sweep, std::uint32_t now);
  std::uint32_t now_second() const;

  const Options options_;
  const SystemClock system_clock_;
  const Clock& clock_;
  // Closed in the reverse order: the locks of the directory outlive the environments.
  std::unique_ptr<StateDirectory> directory_;
  std::unique_ptr<Environment> state_;
  std::unique_ptr<Environment> cache_;
  CommitQueue queue_;
  Guarded<int> state_writer_;    // held by the one thread that changes the state
  Guarded<Sweep> cache_writer_;  // held by the one thread that changes the cache
  std::atomic<std::uint64_t> gets_{0}, hits_{0}, puts_{0}, commits_{0}, damaged_{0};
};

}  // namespace quarry::store
