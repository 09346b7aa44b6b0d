// An update takes what its process knows of a session for what is stored only as long as it is.

#include <catch2/catch.hpp>

#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using store::Table;
using store::Transaction;
using test::CountedStore;

// Counts how often a change asks for a session's record.
class CountedRecords final : public Transaction {
 public:
  CountedRecords(Transaction& inner, int& reads) : inner_(inner), reads_(reads) {}
  std::uint64_t generation() const override { return inner_.generation(); }
  std::optional<std::string> get(Table table, std::string_view key) override {
    if (table == Table::kSessions) ++reads_;
    return inner_.get(table, key);
  }
  Result<void> put(Table table, std::string_view key, std::string_view value) override {
    return inner_.put(table, key, value);
  }
  Result<void> erase(Table table, std::string_view key) override {
    return inner_.erase(table, key);
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view after,
                    const store::Visit& visit) override {
    return inner_.scan(table, prefix, after, visit);
  }

 private:
  Transaction& inner_;
  int& reads_;
};

// Two processes on one store on disk.
struct Pair {
  class Store final : public CountedStore {
   public:
    explicit Store(std::unique_ptr<store::Store> inner) : CountedStore(std::move(inner)) {}
    Result<store::Written> change(const Work& work) override {
      return CountedStore::change([&](Transaction& change) -> Result<void> {
        CountedRecords counted(change, reads);
        return work(counted);
      });
    }
    int reads = 0;
  };

  std::unique_ptr<Sessions> process(bool read_only = false) {
    return std::make_unique<Sessions>(
        Sessions::Config{.roots = {sandbox::Workspace::open(files.root()).value()},
                         .read_only = read_only,
                         .git_helper = "/nonexistent"},
        store, clock);
  }
  // As a call does it: without a look at what is stored before the change.
  Result<Updated> update(Sessions& process, const Changes& changes) {
    TRY_ASSIGN(const auto session, process.known(handle, clock.wall_ms()));
    return process.update(*session, changes);
  }
  // How often the record is read for an update, which must end at `version`.
  int reads_for(Sessions& process, const Changes& changes, std::uint64_t version) {
    store.reads = 0;
    const auto updated = update(process, changes);
    REQUIRE(updated);
    CHECK(updated->version == version);
    return store.reads;
  }

  test::TempWorkspace files{{{"a.txt", "a"}}};
  test::TempWorkspace state;
  test::TurnedClock clock;
  Store store{store::Store::at(state.path("s"))};
  std::unique_ptr<Sessions> ours = process();
  std::unique_ptr<Sessions> theirs = process();
  std::string handle = ours->open({}).value().session->handle();
};

TEST_CASE("an update of what nobody else has changed does not read the record") {
  Pair pair;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    CHECK(pair.reads_for(*pair.ours, {.set = {{"a", std::to_string(i)}}}, i) == 0);
  }
  REQUIRE(pair.store.flush());
  CHECK(pair.reads_for(*pair.ours, {.set = {{"a", "6"}}}, 6) <= 1);
  CHECK(pair.reads_for(*pair.ours, {.set = {{"a", "7"}}}, 7) == 0);
  const auto view = pair.theirs->state(pair.handle, {});
  REQUIRE(view);
  CHECK(view->record.version == 7);
  CHECK(view->entries.at(0).value == "7");
}

TEST_CASE("an update after another process's goes by what that has stored") {
  Pair pair;
  CHECK(pair.reads_for(*pair.ours, {.set = {{"a", "1"}}}, 1) == 0);
  CHECK(pair.reads_for(*pair.theirs, {.set = {{"b", "2"}}, .label = "theirs"}, 2) == 0);
  CHECK_FALSE(pair.update(*pair.ours, {.set = {{"a", "3"}}, .expected_version = 1}));
  CHECK(pair.reads_for(*pair.ours, {.set = {{"a", "3"}}, .expected_version = 2}, 3) == 1);
  const auto view = pair.ours->state(pair.handle, {});
  REQUIRE(view);
  CHECK(view->record.label == "theirs");
  CHECK(view->record.keys == 2);
  CHECK(view->record.state_bytes == 2 * (2 + Record::kKeyBytes));
  REQUIRE(pair.theirs->close(pair.handle));
  CHECK_FALSE(pair.update(*pair.ours, {.set = {{"a", "4"}}}));
}

TEST_CASE("of two updates of a session in one batch the second goes by the first") {
  Pair pair;
  const std::vector<Update> twice = {{pair.handle, {.set = {{"a", "1"}}}},
                                     {pair.handle, {.set = {{"b", "2"}}, .expected_version = 1}}};
  const auto updated = pair.ours->update_all(twice);
  REQUIRE(updated);
  CHECK(updated->back().version == 2);
  CHECK(pair.reads_for(*pair.ours, {.unset = {"a"}}, 3) == 0);
  const auto view = pair.theirs->state(pair.handle, {});
  REQUIRE(view);
  CHECK(view->record.keys == 1);
}

TEST_CASE("a use that was stored meanwhile moves the session in the index of expiry") {
  Pair pair;
  CHECK(pair.reads_for(*pair.ours, {.ttl_s = 100'000}, 1) == 0);
  pair.clock.now_ms += 20 * 3'600'000;
  const auto session = pair.theirs->find(pair.handle);
  REQUIRE(session);
  if (pair.theirs->note_use(**session)) pair.theirs->store_use();
  CHECK(pair.reads_for(*pair.ours, {.ttl_s = 200'000}, 2) == 1);
  // One row, of the expiry that holds now: else a sweep would find it too early, or never.
  int rows = 0;
  REQUIRE(pair.store.scan(Table::kSessionIndex, "e", {}, [&](std::string_view, std::string_view) {
    ++rows;
    return true;
  }));
  CHECK(rows == 1);
}

TEST_CASE("a server that only reads does not make a session of others read-only") {
  Pair pair;
  const auto reader = pair.process(/*read_only=*/true);
  CHECK(reader->find(pair.handle).value()->read_only());
  CHECK(pair.reads_for(*reader, {.label = "seen"}, 1) <= 1);
  CHECK(pair.reads_for(*reader, {.label = "again"}, 2) == 0);
  CHECK_FALSE(pair.process()->find(pair.handle).value()->read_only());
}

}  // namespace
}  // namespace quarry::session
