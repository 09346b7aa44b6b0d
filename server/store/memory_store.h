// MemoryStore: the Store without a disk: for tests, and where the state directory cannot be used.
//
// Bounded: of the cache tables what was written first leaves first; a durable table that is full
// refuses. Safe from any thread.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "server/base/guarded.h"
#include "server/store/store.h"

namespace quarry::store {

class MemoryStore final : public Store {
 public:
  struct Options {
    std::size_t state_bytes = std::size_t{256} << 20U;
    std::size_t cache_bytes = std::size_t{64} << 20U;
  };

  // `note`: why this is used, for stats().
  explicit MemoryStore(std::string note) : MemoryStore(std::move(note), Options{}) {}
  MemoryStore(std::string note, const Options& options);

  Result<std::optional<std::string>> read(Table table, std::string_view key) override;
  Result<void> put(Table table, std::string_view key, std::string_view value) override;
  Result<void> erase(Table table, std::string_view key) override;
  Result<void> each(Table table, const Visit& visit) override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override;
  Result<Written> change(const Work& work) override;
  Result<void> flush() override { return {}; }
  std::uint64_t generation() const override;
  Durability durability() const override { return Durability::kFull; }
  bool lasts() const override { return false; }
  // Nothing is in a durable table.
  bool holds_nothing() const;
  // From here on nothing is put into a durable table: another store has taken its place. False, and
  // without effect, when something is there.
  [[nodiscard]] bool retire();
  StoreStats stats() const override;

 private:
  struct Entry {
    std::string value;
    std::uint64_t written = 0;  // its key in `by_age` of a cache table
  };
  using Key = std::pair<Table, std::string>;
  struct Content {
    std::map<Key, Entry> entries;
    std::map<std::uint64_t, Key> by_age;  // cache tables only
    std::uint64_t writes = 0;
    std::size_t state_bytes = 0;
    std::size_t cache_bytes = 0;
    bool retired = false;
    StoreStats stats;
  };

  class Change;

  Result<void> put_into(Content& content, Table table, std::string_view key,
                        std::string_view value) const;
  Result<void> visit_from(Table table, std::string_view prefix, std::string_view after,
                          const Visit& visit);
  static void remove(Content& content, std::map<Key, Entry>::iterator entry);

  const Options options_;
  mutable Guarded<Content> content_;
};

}  // namespace quarry::store
