#include "server/store/store.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "server/base/guarded.h"
#include "server/base/log.h"
#include "server/store/lmdb_store.h"
#include "server/store/memory_store.h"

namespace quarry::store {
namespace {

// Opens at the first use. Where that fails it keeps in memory what comes, and as long as that is
// nothing durable tries again now and then: a disk may get room, another process be done.
class LazyStore final : public Store {
  template <class Use>
  auto in_store(const Use& use) const {
    if (Store* const opened = opened_.load(std::memory_order_acquire)) return use(*opened);
    std::shared_ptr<MemoryStore> memory;
    {
      auto opening = opening_.lock();
      if (opened_.load(std::memory_order_relaxed) == nullptr && due(*opening)) open(*opening);
      memory = opening->memory;
    }
    if (Store* const opened = opened_.load(std::memory_order_acquire)) return use(*opened);
    return use(*memory);
  }

 public:
  LazyStore(std::string directory, const Options& options)
      : directory_(std::move(directory)), options_(options) {}

  Result<std::optional<std::string>> read(Table table, std::string_view key) override {
    return in_store([&](Store& store) { return store.read(table, key); });
  }
  Result<void> put(Table table, std::string_view key, std::string_view value) override {
    return in_store([&](Store& store) { return store.put(table, key, value); });
  }
  Result<void> put_all(Table table, std::span<const Entry> entries) override {
    return in_store([&](Store& store) { return store.put_all(table, entries); });
  }
  Result<void> erase(Table table, std::string_view key) override {
    return in_store([&](Store& store) { return store.erase(table, key); });
  }
  Result<void> each(Table table, const Visit& visit) override {
    return in_store([&](Store& store) { return store.each(table, visit); });
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override {
    return in_store([&](Store& store) { return store.scan(table, prefix, after, visit); });
  }
  Result<Written> change(const Work& work) override {
    return in_store([&](Store& store) { return store.change(work); });
  }
  Result<void> flush() override {
    return in_store([](Store& store) { return store.flush(); });
  }
  std::uint64_t generation() const override {
    return in_store([](Store& store) { return store.generation(); });
  }
  Durability durability() const override {
    return in_store([](Store& store) { return store.durability(); });
  }
  bool lasts() const override {
    return in_store([](Store& store) { return store.lasts(); });
  }
  std::uint64_t doubts() const override {
    return in_store([](Store& store) { return store.doubts(); });
  }
  void settle_doubts() override {
    in_store([](Store& store) { store.settle_doubts(); });
  }
  bool may_have_lost(Table table, std::string_view key) const override {
    return in_store([&](Store& store) { return store.may_have_lost(table, key); });
  }
  StoreStats stats() const override {
    return in_store([](Store& store) { return store.stats(); });
  }

 private:
  struct Opening {
    std::unique_ptr<Store> store;
    std::shared_ptr<MemoryStore> memory;  // calls hold it longer
    std::chrono::steady_clock::time_point tried;
  };

  bool due(const Opening& opening) const {
    return opening.memory == nullptr ||
           std::chrono::steady_clock::now() - opening.tried >= options_.retry;
  }

  void open(Opening& opening) const {
    if (opening.memory && !opening.memory->holds_nothing()) return;
    using std::chrono::milliseconds;
    Result<std::unique_ptr<Store>> store = LmdbStore::open(
        directory_,
        {.durability = options_.durability,
         .background = options_.background,
         .opening_patience = opening.memory ? milliseconds(0) : StateDirectory::kOpeningPatience});
    opening.tried = std::chrono::steady_clock::now();
    if (!store) {
      if (opening.memory) return;
      log::warning("sessions and caches are kept in memory only: {}", store.error().message);
      opening.memory = std::make_shared<MemoryStore>(store.error().message);
      return;
    }
    if (opening.memory) {
      if (!opening.memory->retire()) return;
      log::warning("sessions and caches are kept in the state directory again");
    }
    opening.store = std::move(*store);
    opened_.store(opening.store.get(), std::memory_order_release);
  }

  const std::string directory_;
  const Options options_;
  mutable Guarded<Opening> opening_;
  mutable std::atomic<Store*> opened_{nullptr};
};

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<void> Store::put_all(Table table, std::span<const Entry> entries) {
  Result<void> outcome;
  for (const Entry& entry : entries) {
    Result<void> put = this->put(table, entry.key, entry.value);
    if (!put) outcome = std::move(put);
  }
  return outcome;
}

std::unique_ptr<Store> Store::at(std::string directory, const Options& options) {
  return std::make_unique<LazyStore>(std::move(directory), options);
}

std::unique_ptr<Store> Store::in_memory(std::string note) {
  return std::make_unique<MemoryStore>(std::move(note));
}

std::string default_state_directory() {
  std::string named = variable("QUARRY_STATE_DIR");
  if (!named.empty()) return named;
  // The XDG base directory specification: a relative path there is invalid and ignored.
  const std::string xdg = variable("XDG_STATE_HOME");
  if (!xdg.empty() && xdg.front() == '/') return xdg + "/quarry";
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.local/state/quarry";
}

}  // namespace quarry::store
