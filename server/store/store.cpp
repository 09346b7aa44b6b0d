#include "server/store/store.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>

#include "server/base/log.h"
#include "server/store/lmdb_store.h"
#include "server/store/memory_store.h"

namespace quarry::store {
namespace {

// Opens at the first use. Where that fails it keeps in memory what comes, and as long as that is
// nothing durable tries again now and then: a disk may get room, another process be done.
class LazyStore final : public Store {
  // In memory under the lock, so that nothing is written there once it is left. The work may use
  // the store again: it is the same thread then.
  template <class Use>
  auto in_store(const Use& use) const {
    if (Store* const opened = opened_.load(std::memory_order_acquire)) return use(*opened);
    const std::lock_guard alone(opening_);
    if (opened_.load(std::memory_order_relaxed) == nullptr && due()) open();
    Store* const opened = opened_.load(std::memory_order_relaxed);
    return use(opened != nullptr ? *opened : *memory_);
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
  std::uint64_t doubts() const override {
    return in_store([](Store& store) { return store.doubts(); });
  }
  StoreStats stats() const override {
    return in_store([](Store& store) { return store.stats(); });
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  bool due() const {
    return memory_ == nullptr || (memory_->holds_nothing() &&
                                  std::chrono::steady_clock::now() - tried_ >= options_.retry);
  }

  void open() const {
    Result<std::unique_ptr<Store>> store = LmdbStore::open(
        directory_, {.durability = options_.durability,
                     .background = options_.background,
                     .opening_patience = memory_ ? std::chrono::milliseconds(0)
                                                 : StateDirectory::kOpeningPatience});
    tried_ = std::chrono::steady_clock::now();
    if (store) {
      if (memory_) log::warning("sessions and caches are kept in the state directory again");
      store_ = std::move(*store);
      opened_.store(store_.get(), std::memory_order_release);
    } else if (!memory_) {
      log::warning("sessions and caches are kept in memory only: {}", store.error().message);
      memory_ = std::make_unique<MemoryStore>(store.error().message);
    }
  }

  const std::string directory_;
  const Options options_;
  mutable std::recursive_mutex opening_;
  mutable std::atomic<Store*> opened_{nullptr};
  mutable std::unique_ptr<Store> store_;
  mutable std::unique_ptr<MemoryStore> memory_;
  mutable Time tried_;
};

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::unique_ptr<Store> Store::at(std::string directory, const Options& options) {
  return std::make_unique<LazyStore>(std::move(directory), options);
}

std::unique_ptr<Store> Store::in_memory() {
  return std::make_unique<MemoryStore>(std::string(kChosen));
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
