// What the two environments of the durable tables promise together.

#include "server/store/durable.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/store/lmdb_store.h"
#include "server/store/recent_log.h"
#include "server/store/record.h"
#include "tests/store/support.h"
#include "tests/support/still_clock.h"

namespace quarry::store {
namespace {

using quarry::test::StillClock;
using quarry::test::TempWorkspace;

struct Opened {
  explicit Opened(const std::string& directory, LmdbStore::Options options = {}) {
    options.clock = &clock;
    auto opened = LmdbStore::open(directory, options);
    REQUIRE(opened);
    store = std::move(*opened);
  }
  StillClock clock;
  std::unique_ptr<Store> store;
};

std::map<std::string, std::string> scanned(Store& store) {
  std::map<std::string, std::string> out;
  std::string last;
  REQUIRE(store.scan(Table::kSessionIndex, "", "", [&](std::string_view key, std::string_view v) {
    CHECK(key > last);
    last = key;
    out.emplace(key, v);
    return true;
  }));
  return out;
}

TEST_CASE("store scan sees what is on disk and what is not yet as one") {
  const TempWorkspace files;
  const Opened opened(files.path("s"));
  Store& store = *opened.store;
  std::map<std::string, std::string> want;
  const auto put = [&](int i, const std::string& value) {
    const std::string key = std::to_string(10'000 + i);
    REQUIRE(store.put(Table::kSessionIndex, key, value));
    want[key] = value;
  };
  // 700 on disk; then every third replaced, every fifth erased, others added in between.
  for (int i = 0; i < 1400; i += 2) put(i, "old");
  REQUIRE(store.flush());
  CHECK(store.stats().pending == 0);
  for (int i = 0; i < 1400; i += 3) put(i, "new");
  for (int i = 0; i < 1400; i += 5) {
    const std::string key = std::to_string(10'000 + i);
    REQUIRE(store.erase(Table::kSessionIndex, key));
    want.erase(key);
  }
  CHECK(store.stats().pending > 600);
  CHECK(scanned(store) == want);
  REQUIRE(store.change([&](Transaction& txn) -> Result<void> {
    std::map<std::string, std::string> seen;
    TRY(txn.erase(Table::kSessionIndex, "10003"));
    TRY(txn.put(Table::kSessionIndex, "10003x", "own"));
    want.erase("10003");
    want["10003x"] = "own";
    TRY(txn.scan(Table::kSessionIndex, "", "", [&](std::string_view key, std::string_view v) {
      seen.emplace(key, v);
      return true;
    }));
    CHECK(seen == want);
    return {};
  }));
  CHECK(scanned(store) == want);
  REQUIRE(store.flush());
  CHECK(store.stats().pending == 0);
  CHECK(scanned(store) == want);
}

TEST_CASE("store scan goes on over a stretch where everything was erased") {
  const TempWorkspace files;
  const Opened opened(files.path("s"));
  Store& store = *opened.store;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(store.put(Table::kSessionIndex, std::to_string(10'000 + i), "v"));
  }
  REQUIRE(store.flush());
  for (int i = 0; i < 999; ++i) {
    REQUIRE(store.erase(Table::kSessionIndex, std::to_string(10'000 + i)));
  }
  CHECK(scanned(store) == std::map<std::string, std::string>{{"10999", "v"}});
}

TEST_CASE("store change says whether it is on disk") {
  const TempWorkspace files;
  const auto put = [](Transaction& txn) { return txn.put(Table::kSessions, "k", "v"); };
  {
    const Opened opened(files.path("s"));
    CHECK(opened.store->durability() == Durability::kNormal);
    const auto written = opened.store->change(put);
    REQUIRE(written);
    CHECK_FALSE(written->durable);
    CHECK(opened.store->stats().pending == 1);
    REQUIRE(opened.store->flush());
    CHECK(opened.store->stats().pending == 0);
    CHECK(opened.store->stats().flushes == 1);
    const auto nothing = opened.store->change([](Transaction&) { return Result<void>(); });
    REQUIRE(nothing);
    CHECK(nothing->durable);
  }
  const Opened opened(files.path("s"), {.durability = Durability::kFull});
  CHECK(opened.store->durability() == Durability::kFull);
  const auto written = opened.store->change(put);
  REQUIRE(written);
  CHECK(written->durable);
  CHECK(opened.store->stats().pending == 0);
}

TEST_CASE("store with full durability takes along what is not on disk yet") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(run_process([&] {
            const Opened opened(directory);
            if (!opened.store->put(Table::kSessions, "a", "recent")) return 1;
            if (!opened.store->put(Table::kSessions, "b", "recent")) return 2;
            _exit(0);  // without closing
            return 3;
          }) == 0);
  {
    const Opened opened(directory, {.durability = Durability::kFull});
    CHECK(opened.store->stats().pending == 2);
    REQUIRE(opened.store->change([](Transaction& txn) -> Result<void> {
      CHECK(txn.get(Table::kSessions, "a") == "recent");
      TRY(txn.put(Table::kSessions, "a", "full"));
      return txn.put(Table::kSessions, "c", "full");
    }));
    CHECK(opened.store->stats().pending == 0);
  }
  files.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
  const Opened opened(directory);
  CHECK(opened.store->get(Table::kSessions, "a") == "full");
  CHECK(opened.store->get(Table::kSessions, "b") == "recent");
  CHECK(opened.store->get(Table::kSessions, "c") == "full");
}

TEST_CASE("store does not believe a recent record that the state covers") {
  // As after a kill between the commit of a flush, or of a change with full durability, and the
  // erasing of what it took over.
  const TempWorkspace files;
  const std::string directory = files.path("s");
  { const Opened opened(directory); }
  {
    const auto record = [](const char* value) {
      return encode_record(Table::kSessionIndex, "k", value, 0);
    };
    const RecordKey key = record_key(Table::kSessionIndex, "k");
    const RecordKey gone = record_key(Table::kSessionIndex, "gone");
    const auto place = StateDirectory::open(directory);
    REQUIRE(place);
    auto recent = RecentLog::open(**place, "recent");
    REQUIRE(recent);
    REQUIRE(recent->log->append(
        {{std::string(gone.view()), record("old")}, {std::string(key.view()), record("old")}}));
    const auto part = recent->log->list({}, {}, SIZE_MAX, SIZE_MAX);
    REQUIRE(part);
    const auto state = Environment::open(directory + "/state", {.map_bytes = 32U << 20U});
    REQUIRE(state);
    REQUIRE((*state)->change([&](Environment::Change& change) -> Result<void> {
      TRY(change.put(kOwnKey, encode_covered({recent->log->epoch(), part->last_change})));
      return change.put(key.view(), record("new"));
    }));
  }
  const Opened opened(directory);
  using Records = std::map<std::string, std::string>;
  CHECK(opened.store->get(Table::kSessionIndex, "k") == "new");
  CHECK_FALSE(opened.store->get(Table::kSessionIndex, "gone"));
  CHECK(scanned(*opened.store) == Records{{"k", "new"}});
  REQUIRE(opened.store->put(Table::kSessionIndex, "other", "v"));
  REQUIRE(opened.store->flush());
  CHECK(opened.store->stats().pending == 0);
  CHECK(scanned(*opened.store) == Records{{"k", "new"}, {"other", "v"}});
}

TEST_CASE("store whose log of recent changes is full goes on (SE-09)") {
  const TempWorkspace files;
  const Opened opened(files.path("s"), {.recent_bytes = 256U << 10U});
  Store& store = *opened.store;
  std::set<std::string> keys;
  for (int i = 0; i < 300; ++i) {
    const std::string key = std::to_string(i);
    // Some alone are too long for it.
    const std::string value(i % 20 == 0 ? 300'000 : 3000, static_cast<char>('a' + i % 26));
    REQUIRE(store.put(Table::kSessions, key, value));
    keys.insert(key);
  }
  for (const std::string& key : keys) {
    const int i = std::stoi(key);
    const std::string value(i % 20 == 0 ? 300'000 : 3000, static_cast<char>('a' + i % 26));
    REQUIRE((store.get(Table::kSessions, key) == value));
  }
  CHECK(store.stats().flushes > 2);
  CHECK(store.stats().recent.used_bytes <= store.stats().recent.limit_bytes);
}

TEST_CASE("store reads in an environment whose reader table is full fail by name (SE-08)") {
  const TempWorkspace files;
  files.make_directory("e");
  const Environment::Options options{.map_bytes = 1U << 20U, .max_readers = 2};
  auto opened = Environment::open(files.path("e"), options);
  REQUIRE(opened);
  Environment& environment = **opened;
  {
    const auto first = environment.snapshot();
    const auto second = environment.snapshot();
    REQUIRE(first);
    REQUIRE(second);
    const auto third = environment.snapshot();
    REQUIRE_FALSE(third);
    CHECK(third.error().code == Code::kUnavailable);
    CHECK(third.error().message == "too many processes read the store; call again later");
  }
  CHECK(environment.snapshot());
}

// A thread that does what it is asked for at once.
class EagerBackground final : public Background {
 public:
  ~EagerBackground() override {
    works_.lock()->ended = true;
    changed_.notify_one();
    thread_.join();
  }
  void after(std::chrono::milliseconds delay, std::function<void()> work) override {
    if (delay > std::chrono::milliseconds(1000)) return;
    works_.lock()->waiting.push_back(std::move(work));
    changed_.notify_one();
  }

 private:
  struct Works {
    std::vector<std::function<void()>> waiting;
    bool ended = false;
  };
  void run() {
    auto works = works_.lock();
    while (!works->ended) {
      works.wait(changed_, [&] { return works->ended || !works->waiting.empty(); });
      const std::vector<std::function<void()>> now = std::move(works->waiting);
      works->waiting.clear();
      works.unlock();
      for (const auto& work : now) work();
      works.relock();
    }
  }

  Guarded<Works> works_;
  std::condition_variable changed_;
  std::thread thread_{[this] { run(); }};
};

TEST_CASE("store threads see whole changes while they are flushed beside them") {
  constexpr int kThreads = 4;
  constexpr int kEach = 150;
  const TempWorkspace files;
  EagerBackground background;
  std::atomic<int> wrong{0};
  {
    const auto store = Store::at(files.path("s"), {.background = &background});
    std::vector<std::thread> threads;
    std::atomic<int> writing{kThreads};
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 1; i <= kEach; ++i) {
          const auto written = store->change([&](Transaction& txn) -> Result<void> {
            const int n = std::stoi(txn.get(Table::kTotals, "sum").value_or("0"));
            TRY(txn.put(Table::kTotals, "sum", std::to_string(n + 1)));
            for (const char* key : {"a", "b", "c"}) {
              TRY(txn.put(Table::kSessionIndex, key, std::to_string(n + 1)));
            }
            return txn.put(Table::kSessions, std::to_string(t), std::to_string(i));
          });
          if (!written) ++wrong;
          // Its own change is seen, wherever it lies now.
          if (store->get(Table::kSessions, std::to_string(t)) != std::to_string(i)) ++wrong;
          if (i % 50 == 0 && !store->flush()) ++wrong;
        }
        --writing;
      });
    }
    int last = 0;
    while (writing > 0) {
      std::set<std::string> values;
      int seen = 0;
      if (!store->scan(Table::kSessionIndex, "", "", [&](std::string_view, std::string_view v) {
            values.emplace(v);
            return ++seen > 0;
          })) {
        ++wrong;
      }
      const int sum = std::stoi(store->get(Table::kTotals, "sum").value_or("0"));
      if (sum < last || (seen != 0 && seen != 3) || values.size() > 1) ++wrong;
      last = sum;
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(store->get(Table::kTotals, "sum") == std::to_string(kThreads * kEach));
  }
  CHECK(wrong == 0);
  CHECK(Store::at(files.path("s"))->get(Table::kTotals, "sum") == std::to_string(kThreads * kEach));
}

TEST_CASE("store change that could not read what it asked for is not stored") {
  const TempWorkspace files;
  const std::function<void()> ignore = [] {};
  class Unreadable final : public ChangeSet::Base {
   public:
    Result<bool> find(std::string_view, std::string&) override {
      return fail(Code::kUnavailable, "too many processes read the store; call again later");
    }
    Result<Layer> list(std::string_view, std::string_view) override { return Layer{}; }
    Room room(std::size_t) override { return Room::kPlenty; }
  };
  Unreadable base;
  ChangeSet changes(base, 0, ignore);
  CHECK_FALSE(changes.get(Table::kTotals, "counter"));
  REQUIRE_FALSE(changes.read());
  CHECK(changes.read().error().code == Code::kUnavailable);
}

}  // namespace
}  // namespace quarry::store
