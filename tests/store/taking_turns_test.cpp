// Two processes on one state directory: what one finds of what the other did, and what is opened
// while the other is there (SE-03, SE-06).

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "server/store/lmdb_store.h"
#include "server/store/store.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

// Both processes know from the seed what happens next, and so what must be there.
class TurnTaker {
 public:
  TurnTaker(const std::string& directory, unsigned seed, unsigned own)
      : store_(open(directory)), random_(seed), own_(own) {}

  // What is found first otherwise than it must be, or empty. Plays to the end: the other waits.
  std::string play(const Pipe& to_other, const Pipe& from_other, int turns) {
    std::string first;
    for (int turn = 0; turn < turns; ++turn) {
      if (below(2) == own_) {
        act();
        to_other.tell();
      } else {
        skip_act();
        if (!from_other.wait()) return "the other process is gone";
      }
      const std::string wrong = compare();
      if (first.empty() && !wrong.empty()) first = "turn " + std::to_string(turn) + ": " + wrong;
      to_other.tell();  // nothing is written while the other still looks
      if (!from_other.wait()) return "the other process is gone";
    }
    return first;
  }

 private:
  static std::unique_ptr<Store> open(const std::string& directory) {
    LmdbStore::Options options;
    auto store = LmdbStore::open(directory, options);
    return store ? std::move(*store) : nullptr;
  }
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  struct Act {
    unsigned kind;
    std::string key;
    std::string value;
  };
  Act next() {
    const unsigned kind = below(8);
    std::string key = "k" + std::to_string(below(12));
    std::string value = std::to_string(random_());
    value.resize(value.size() + (below(4) == 0 ? 60'000 : 0), 'x');
    return {kind, std::move(key), std::move(value)};
  }
  void note(const Act& act) {
    if (act.kind < 4) model_[act.key] = act.value;
    if (act.kind == 4) model_.erase(act.key);
  }
  void skip_act() { note(next()); }
  void act() {
    const Act act = next();
    note(act);
    bool done = true;
    if (act.kind < 4) {
      done = store_->put(Table::kSessions, act.key, act.value).has_value();
    } else if (act.kind == 4) {
      done = store_->erase(Table::kSessions, act.key).has_value();
    } else if (act.kind < 7) {
      done = store_->flush().has_value();
    }
    if (!done) failed_ = true;
  }
  std::string compare() {
    if (failed_) return "a change failed";
    for (unsigned i = 0; i < 12; ++i) {
      const std::string key = "k" + std::to_string(i);
      const auto known = model_.find(key);
      const auto got = store_->get(Table::kSessions, key);
      const auto want = known == model_.end() ? std::nullopt : std::optional(known->second);
      if (got != want) return key + " is " + got.value_or("absent").substr(0, 20);
    }
    return {};
  }

  const std::unique_ptr<Store> store_;
  std::mt19937 random_;
  const unsigned own_;
  std::map<std::string, std::string> model_;
  bool failed_ = false;
};

TEST_CASE("store finds what another process wrote and brought to disk in between (SE-06)") {
  constexpr int kTurns = 400;
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  const Pipe to_child, to_parent;
  const pid_t child = start_process([&] {
    TurnTaker turns(directory, seed, 1);
    return turns.play(to_parent, to_child, kTurns).empty() ? 0 : 1;
  });
  TurnTaker turns(directory, seed, 0);
  CHECK(turns.play(to_child, to_parent, kTurns) == "");
  CHECK(exit_code(child) == 0);
}

TEST_CASE("store is not set aside while another process writes into it (SE-03)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(Store::at(directory, {.durability = Durability::kFull})->put(Table::kSessions, "k", "v"));
  const Pipe to_child, to_parent;
  const pid_t child = start_process([&] {
    const auto store = Store::at(directory);
    if (store->get(Table::kSessions, "k") != "v") return 1;
    to_parent.tell();
    if (!to_child.wait()) return 2;
    return store->put(Table::kSessions, "late", "v") ? 0 : 3;
  });
  REQUIRE(to_parent.wait());
  {
    // Both meta pages; the other process has them mapped and knows the tree.
    const Fd file(open((directory + "/state/data.mdb").c_str(), O_RDWR | O_CLOEXEC));
    const std::string zeros(64, '\0');
    for (const off_t at : {0, 4096}) {
      REQUIRE(pwrite(file.get(), zeros.data(), zeros.size(), at + 16) == 64);
    }
  }
  {
    const auto store = Store::at(directory);
    CHECK_FALSE(store->get(Table::kSessions, "k"));
    CHECK(store->stats().mode == "memory");
    CHECK(store->stats().note.find("other quarry processes have it open") != std::string::npos);
    CHECK_FALSE(
        store->change([](Transaction& change) { return change.put(Table::kSessions, "own", "v"); })
            .value()
            .durable);
  }
  to_child.tell();
  CHECK(exit_code(child) != 1);
  CHECK(access(files.path("s/state.damaged").c_str(), F_OK) != 0);
  const auto store = Store::at(directory);
  CHECK(store->put(Table::kSessions, "new", "v"));
  CHECK(store->stats().mode == "lmdb");
  CHECK(access(files.path("s/state.damaged").c_str(), F_OK) == 0);
}

TEST_CASE("store that could not be opened is opened later, unless something is kept instead") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  files.write("s", "in the way");
  using std::chrono::milliseconds;
  const auto store = Store::at(directory, {.retry = milliseconds(0)});
  const auto keeper = Store::at(directory, {.retry = milliseconds(0)});
  CHECK_FALSE(store->get(Table::kSessions, "k"));
  CHECK(store->stats().mode == "memory");
  REQUIRE(keeper->put(Table::kSessions, "k", "v"));
  REQUIRE(unlink(directory.c_str()) == 0);
  CHECK(keeper->get(Table::kSessions, "k") == "v");
  CHECK(keeper->stats().mode == "memory");
  CHECK(store->put(Table::kSessions, "k", "w"));
  CHECK(store->stats().mode == "lmdb");
}

TEST_CASE("store that is opened later has another generation than the one in its place had") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  files.write("s", "in the way");
  const auto store = Store::at(directory, {.retry = std::chrono::milliseconds(0)});
  std::set<std::uint64_t> before = {store->generation()};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(store->put(Table::kGit, std::to_string(i), "v"));
    before.insert(store->generation());
  }
  REQUIRE(unlink(directory.c_str()) == 0);
  CHECK_FALSE(before.contains(store->generation()));
  CHECK(store->stats().mode == "lmdb");
}

}  // namespace
}  // namespace quarry::store
