// Index, totals and records that do not agree any more, since the store lost some of them.

#include <filesystem>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "server/store/lmdb_store.h"
#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using store::Table;
using test::CountedStore;
using test::TempWorkspace;
using test::TurnedClock;

struct World {
  World() { restart(); }
  void restart() {
    sessions = std::make_unique<Sessions>(
        Sessions::Config{.roots = {sandbox::Workspace::open(tree.root()).value()},
                         .git_helper = "/nonexistent"},
        store, clock);
  }
  std::vector<std::string> keys(Table table) {
    std::vector<std::string> all;
    REQUIRE(store.scan(table, {}, {}, [&](std::string_view key, std::string_view) {
      all.emplace_back(key);
      return true;
    }));
    return all;
  }
  std::map<std::string, std::string> rows(Table table) {
    std::map<std::string, std::string> all;
    REQUIRE(store.scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
      if (key.front() != 'g' && key != "v") all.emplace(key, value);
      return true;
    }));
    return all;
  }
  std::string listed(const ListOptions& options) {
    const auto found = sessions->list(options);
    if (!found) return found.error().message;
    std::string text = std::to_string(found->total) + ":";
    for (const Record& record : found->records) text += " " + record.handle;
    return text;
  }

  TempWorkspace tree{{{"a/x", "x"}, {"b/x", "x"}}};
  TempWorkspace state;
  TurnedClock clock;
  CountedStore store{store::Store::at(state.path("s"))};
  std::unique_ptr<Sessions> sessions;
};

TEST_CASE("whatever rows were lost, sessions are found, listed and counted as they are") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  World world;
  std::vector<std::string> handles;
  for (int i = 0; i < 30; ++i) {
    world.clock.now_ms += 1;
    const char* root = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "";
    const char* label = i % 2 == 0 ? "even" : "";
    const auto opened = world.sessions->open({.root = root, .label = label});
    handles.push_back(opened.value().session->handle());
    if (i % 4 != 0) continue;
    REQUIRE(world.sessions->update(handles.back(), {.set = {{"k", "v"}, {"n", "value"}}}));
  }
  REQUIRE(world.sessions->update("default", {.set = {{"own", "state"}}}));
  REQUIRE(world.sessions->close(handles.back()));
  (void)world.sessions->list({});
  const auto index = world.rows(Table::kSessionIndex);
  const auto totals = world.rows(Table::kTotals);
  const std::string all = world.listed({.limit = 100});
  const std::string labelled = world.listed({.label = "even", .limit = 100});
  const std::string rooted = world.listed({.root = "a", .limit = 100});

  for (int round = 0; round < 12; ++round) {
    INFO("round " << round);
    const auto any_of = [&](const std::vector<std::string>& from) {
      return from[random() % from.size()];
    };
    for (int i = 0; i < 5; ++i) {
      switch (random() % 5) {
        case 0:
          REQUIRE(world.store.erase(Table::kTotals, any_of(world.keys(Table::kTotals))));
          break;
        case 1:
          REQUIRE(world.store.put(Table::kTotals, any_of(world.keys(Table::kTotals)), "\x63"));
          break;
        case 2:
          REQUIRE(
              world.store.erase(Table::kSessionIndex, any_of(world.keys(Table::kSessionIndex))));
          break;
        case 3: {  // of a session that is not there
          std::string key = any_of(world.keys(Table::kSessionIndex));
          key.back() = key.back() == 'A' ? 'B' : 'A';
          REQUIRE(world.store.put(Table::kSessionIndex, key, ""));
          break;
        }
        default: {  // an older record than its state
          const std::string handle = handles[random() % 7 * 4];
          Record record;
          REQUIRE(decode(world.store.get(Table::kSessions, handle).value(), record));
          record.keys = random() % 3;
          record.state_bytes = random() % 1000;
          REQUIRE(world.store.put(Table::kSessions, handle, encode(record)));
        }
      }
    }
    REQUIRE(world.store.put(Table::kSessionState, std::string("nobody's\0key", 12), "lost"));
    world.store.doubted += 1;
    world.clock.now_ms += 3'600'000;  // the next repair may come
    if (round % 3 == 0) world.restart();
    const int settled = world.store.settled;
    CHECK(world.listed({.limit = 100}) == all);
    CHECK(world.store.settled == settled + 1);
    CHECK(world.listed({.label = "even", .limit = 100}) == labelled);
    CHECK(world.listed({.root = "a", .limit = 100}) == rooted);
    CHECK(world.rows(Table::kSessionIndex) == index);
    CHECK(world.rows(Table::kTotals) == totals);
    (void)world.sessions->sweep(100);
    CHECK_FALSE(world.store.get(Table::kSessionState, std::string("nobody's\0key", 12)));
    CHECK(world.sessions->update(handles[4], {.set = {{"k", "v"}}}).has_value());
  }
}

TEST_CASE("the state of a default session is kept whatever bytes the hash of its root has") {
  TempWorkspace trees;
  std::string root;
  for (int i = 0; rows::root_hash(root).find('\0') == std::string::npos; ++i) {
    root = trees.path("tree" + std::to_string(i));
  }
  REQUIRE(std::filesystem::create_directory(root));
  World world;
  world.sessions =
      std::make_unique<Sessions>(Sessions::Config{.roots = {sandbox::Workspace::open(root).value()},
                                                  .git_helper = "/nonexistent"},
                                 world.store, world.clock);
  REQUIRE(world.sessions->update("default", {.set = {{"own", "state"}}}));
  const auto state = world.rows(Table::kSessionState);
  REQUIRE(state.size() == 1);
  REQUIRE(state.begin()->first == rows::state_key(rows::default_id(root), "own"));
  world.store.doubted += 1;
  (void)world.sessions->list({});
  (void)world.sessions->sweep(100);
  CHECK(world.rows(Table::kSessionState) == state);
}

TEST_CASE("a total that was lost neither refuses growth nor wraps") {
  World world;
  const std::string handle = world.sessions->open({}).value().session->handle();
  REQUIRE(world.sessions->update(handle, {.set = {{"k", std::string(5000, 'x')}}}));
  REQUIRE(world.store.erase(Table::kTotals, "n"));
  CHECK(world.sessions->update(handle, {.set = {{"k", "short"}}}).has_value());
  CHECK(world.sessions->totals().state_bytes < 10'000);
  CHECK(world.sessions->update(handle, {.set = {{"k", std::string(6000, 'x')}}}).has_value());
  CHECK(world.sessions->close(handle).has_value());
  CHECK(world.sessions->totals().state_bytes < 10'000);
}

TEST_CASE("a full store lets sessions be closed, emptied and swept") {
  const TempWorkspace tree;
  const TempWorkspace state;
  TurnedClock clock;
  store::LmdbStore::Options options;
  options.state_map_bytes = std::size_t{4} << 20U;
  options.recent_bytes = std::size_t{1} << 20U;
  const auto store = store::LmdbStore::open(state.path("s"), options).value();
  Sessions sessions(
      {.roots = {sandbox::Workspace::open(tree.root()).value()}, .git_helper = "/nonexistent"},
      *store, clock);
  const std::string value(20'000, 'x');
  std::vector<std::string> handles;
  std::string refused;
  while (refused.empty()) {
    const auto opened = sessions.open({.ttl_s = 1000});
    if (!opened) {
      refused = opened.error().message;
      break;
    }
    handles.push_back(opened->session->handle());
    for (int i = 0; i < 4 && refused.empty(); ++i) {
      const std::string name = "k" + std::to_string(i);
      const auto made = sessions.update(handles.back(), {.set = {{name, value}}});
      if (!made) refused = made.error().message;
    }
    REQUIRE(handles.size() < 1000);
  }
  CHECK(refused == "the store is full; close sessions that are no longer needed");
  REQUIRE(handles.size() > 8);
  CHECK(sessions.update(handles[0], {.unset = {"k1"}}).has_value());
  CHECK(sessions.update(handles[0], {.set = {{"k0", "short"}}}).has_value());
  CHECK(sessions.close(handles[1]).has_value());
  CHECK(sessions.close(handles[2]).has_value());
  CHECK(store->flush().has_value());
  CHECK(sessions.open({}).has_value());
  clock.now_ms += 3'600'000;
  while (sessions.sweep(100)) {
  }
  CHECK(sessions.totals().sessions <= 1);
  CHECK(sessions.open({}).has_value());
}

}  // namespace
}  // namespace quarry::session
