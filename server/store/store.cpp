#include "server/store/store.h"

#include <cstdlib>
#include <mutex>

#include "server/base/log.h"
#include "server/store/lmdb_store.h"
#include "server/store/memory_store.h"

namespace quarry::store {
namespace {

// Opens at the first use and falls back to memory.
class LazyStore final : public Store {
 public:
  LazyStore(std::string directory, const Options& options)
      : directory_(std::move(directory)), options_(options) {}

  std::optional<std::string> get(Table table, std::string_view key) override {
    return store().get(table, key);
  }
  Result<void> put(Table table, std::string_view key, std::string_view value) override {
    return store().put(table, key, value);
  }
  Result<void> erase(Table table, std::string_view key) override {
    return store().erase(table, key);
  }
  Result<void> each(Table table, const Visit& visit) override { return store().each(table, visit); }
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const Visit& visit) override {
    return store().scan(table, prefix, after, visit);
  }
  Result<Written> change(const Work& work) override { return store().change(work); }
  Result<void> flush() override { return store().flush(); }
  std::uint64_t generation() const override { return store().generation(); }
  Durability durability() const override { return store().durability(); }
  StoreStats stats() const override { return store().stats(); }

 private:
  Store& store() const {
    std::call_once(once_, [this] {
      Result<std::unique_ptr<Store>> opened = LmdbStore::open(
          directory_, {.durability = options_.durability, .background = options_.background});
      if (opened) {
        store_ = std::move(*opened);
        return;
      }
      log::warning("sessions and caches are kept in memory only: {}", opened.error().message);
      store_ = std::make_unique<MemoryStore>(opened.error().message);
    });
    return *store_;
  }

  const std::string directory_;
  const Options options_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<Store> store_;
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
  return std::make_unique<MemoryStore>("chosen");
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
