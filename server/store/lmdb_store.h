// LmdbStore: the Store on disk: the durable tables (durable.h) and the cache (cache.h).
//
// When nine tenths of the map of the durable tables are used, only erasing and nothing new is
// accepted. So it is when the disk is full: 1 MiB of it beside what the records take is kept ready
// for that, where the file system can do so.
//
// A change waits for another process that is just writing, but not for one that was stopped while
// writing: after the patience given it fails with kUnavailable.
//
// Once the directory, or its lock, was removed or replaced, every change fails (kUnavailable): a
// durable one at once, others from the next flush on, so milliseconds later.
//
// The destructor brings to disk what is pending; where it cannot, the next process to open does.
//
// Safe from any thread. One per process and directory (see StateDirectory); not to be used in the
// child of a fork.

#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "server/base/clock.h"
#include "server/store/cache.h"
#include "server/store/commit_queue.h"
#include "server/store/durable.h"
#include "server/store/flusher.h"
#include "server/store/open_environment.h"
#include "server/store/state_directory.h"
#include "server/store/store.h"

namespace quarry::store {

class LmdbStore final : public Store {
 public:
  struct Options {
    Durability durability = Durability::kNormal;
    Background* background = nullptr;  // as Store::Options
    std::size_t recent_bytes = std::size_t{32} << 20U;
    std::size_t state_map_bytes = std::size_t{1} << 30U;
    std::size_t cache_map_bytes = std::size_t{8} << 30U;
    unsigned int max_readers = 1024;
    std::chrono::milliseconds opening_patience = StateDirectory::kOpeningPatience;
    std::chrono::milliseconds state_patience{5000};
    std::chrono::milliseconds cache_patience{50};
    const Clock* clock = nullptr;  // the machine's, when null; else it must outlive the store
  };

  // kUnavailable, with the reason, when the directory cannot be used.
  static Result<std::unique_ptr<Store>> open(const std::string& path, const Options& options);

  ~LmdbStore() override;

  Result<std::optional<std::string>> read(Table table, std::string_view key) override;
  Result<void> put(Table table, std::string_view key, std::string_view value) override;
  Result<void> put_all(Table table, std::span<const Entry> entries) override;
  Result<void> erase(Table table, std::string_view key) override;
  Result<void> each(Table table, const Visit& visit) override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override;
  Result<Written> change(const Work& work) override;
  Result<void> flush() override;
  std::uint64_t generation() const override { return durable_->generation(); }
  Durability durability() const override { return options_.durability; }
  std::uint64_t doubts() const override { return doubts_; }
  void settle_doubts() override;
  bool may_have_lost(Table table, std::string_view key) const override;
  StoreStats stats() const override;

 private:
  LmdbStore(std::unique_ptr<StateDirectory> directory, const Options& options);

  Result<void> open_parts();
  Result<OpenedEnvironment> open_part(const char* name, std::size_t map_bytes, bool synchronous);
  Result<Layer> part(Table table, std::string_view prefix, std::string_view after);
  Result<void> visit_records(Table table, std::string_view prefix, std::string_view after,
                             const Visit& visit);
  Result<void> check_in_place();
  Result<Written> commit(PendingChange& change);
  Result<void> change_cache(Table table, std::span<const Cache::Write> writes);
  void count_damage(Table table, std::string_view what);
  void note_failure(Table table, const Error& error);
  void add_note(bool applies, std::string_view note);
  Failure out_of_order(Table table);
  std::uint32_t now_second() const;

  Options options_;
  const SystemClock system_clock_;
  const Clock& clock_;
  // Closed in the reverse order: the locks of the directory outlive the environments.
  const std::unique_ptr<StateDirectory> directory_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<Durable> durable_;
  CommitQueue queue_;
  std::unique_ptr<Flusher> flusher_;
  std::uint64_t salvaged_ = 0;
  // Of the database: in doubt at the opening.
  std::optional<std::vector<KeyRange>> lost_keys_;
  std::atomic<bool> gone_{false};  // the directory is not where it was; never taken back
  std::string note_;               // what became of a damaged store at opening
  std::atomic<std::uint64_t> gets_{0}, hits_{0}, puts_{0}, commits_{0}, damaged_{0};
  std::atomic<std::uint64_t> doubts_{0};
};

}  // namespace quarry::store
