// Fixture: sessions over a real tree, a store in memory or on disk, and a clock turned by hand.
// Several Sessions on one store stand for several processes: they share nothing but the store.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "server/session/sessions.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/turned_clock.h"

namespace quarry::test {

// Counts what is asked of a store, one in memory for one.
class CountedStore : public store::Store {
 public:
  CountedStore() : CountedStore(store::Store::in_memory()) {}
  explicit CountedStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)) {}

  Result<std::optional<std::string>> read(store::Table table, std::string_view key) override {
    ++gets;
    if (unreadable) return fail(Code::kUnavailable, "the disk cannot be read");
    auto found = inner_->read(table, key);
    if (after_read) after_read(table, key);
    return found;
  }
  Result<void> put(store::Table table, std::string_view key, std::string_view value) override {
    ++changes;
    return inner_->put(table, key, value);
  }
  Result<void> erase(store::Table table, std::string_view key) override {
    ++changes;
    return inner_->erase(table, key);
  }
  Result<void> each(store::Table table, const store::Visit& visit) override {
    return inner_->each(table, visit);
  }
  Result<void> scan(store::Table table, std::string_view prefix, std::string_view after,
                    const store::Visit& visit) override {
    return inner_->scan(table, prefix, after, [&](std::string_view key, std::string_view value) {
      ++scanned;
      return visit(key, value);
    });
  }
  Result<store::Written> change(const Work& work) override {
    ++changes;
    if (failing) return fail(Code::kUnavailable, "the disk is full");
    // As the interface allows: a first try that comes to nothing.
    if (repeating) {
      (void)inner_->change([&](store::Transaction& change) -> Result<void> {
        TRY(work(change));
        return fail(Code::kUnavailable, "once more");
      });
    }
    return inner_->change(work);
  }
  Result<void> flush() override { return inner_->flush(); }
  store::Durability durability() const override { return inner_->durability(); }
  bool lasts() const override { return inner_->lasts(); }
  std::uint64_t generation() const override { return inner_->generation(); }
  store::StoreStats stats() const override { return inner_->stats(); }
  std::uint64_t doubts() const override { return doubted; }
  void settle_doubts() override { ++settled; }

  int gets = 0;
  int changes = 0;
  int scanned = 0;
  bool repeating = false;
  bool failing = false;
  bool unreadable = false;
  std::function<void(store::Table, std::string_view key)> after_read;
  std::uint64_t doubted = 0;
  int settled = 0;  // how often doubts were

 private:
  std::unique_ptr<store::Store> inner_;
};

// Work that a test runs when it likes.
class HeldBackground final : public Background {
 public:
  void after(std::chrono::milliseconds delay, std::function<void()> work) override {
    works.emplace_back(delay, std::move(work));
  }
  // Runs what is there now; returns how many.
  std::size_t run() {
    auto now = std::exchange(works, {});
    for (auto& [delay, work] : now) work();
    return now.size();
  }
  std::vector<std::pair<std::chrono::milliseconds, std::function<void()>>> works;
};

struct SessionsFixture {
  // Another process on the same store.
  std::unique_ptr<session::Sessions> process(bool read_only = false) {
    return std::make_unique<session::Sessions>(
        session::Sessions::Config{.roots = {sandbox::Workspace::open(root).value()},
                                  .read_only = read_only,
                                  .git_helper = "/nonexistent",
                                  .limits = limits,
                                  .background = background},
        store, clock);
  }
  void restart() { sessions = process(); }
  void set(std::string_view name, std::int64_t value) {
    REQUIRE(limits.set(name, value));
    restart();
  }

  std::string open(session::OpenOptions options = {}) {
    auto opened = sessions->open(options);
    REQUIRE(opened);
    return opened->session->handle();
  }
  // The version after it, or the error's text.
  std::string update(std::string_view handle, const session::Changes& changes) {
    const auto updated = sessions->update(handle, changes);
    return updated ? std::to_string(updated->version) : updated.error().message;
  }
  // "name=value ..." in their order.
  std::string state(std::string_view handle) {
    const auto view = sessions->state(handle, {});
    if (!view) return view.error().message;
    std::string text;
    for (const auto& entry : view->entries) {
      text += (text.empty() ? "" : " ") + entry.name + "=" + (entry.shown ? entry.value : "?");
    }
    return text;
  }
  std::size_t stored(store::Table table, std::string_view prefix = "") {
    std::size_t count = 0;
    REQUIRE(store.scan(table, prefix, {}, [&](std::string_view, std::string_view) {
      ++count;
      return true;
    }));
    return count;
  }

  TempWorkspace files{{{"sub/a.txt", "a"}, {"other/b.txt", "b"}, {"plain.txt", "x"}}};
  std::string root = files.root();
  TurnedClock clock;
  CountedStore store;
  Limits limits;
  Background* background = nullptr;
  std::unique_ptr<session::Sessions> sessions = process();
};

}  // namespace quarry::test
