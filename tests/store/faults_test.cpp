// What the store does when the disk refuses: each call of a scenario fails once, or from then on.

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/mman.h>

#include "server/store/store.h"
#include "tests/store/faulty_calls.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

constexpr int kSteps = 6;
constexpr const char* kTwins[] = {"left", "right", "middle"};

// What the process under test tells; it may die at any moment.
struct Told {
  int acknowledged = 0;   // the last step that was
  int unclear = 0;        // an error that is none of those that a full or broken disk gives
  int refused_again = 0;  // a step that failed although nothing was wrong any more
  bool in_memory = false;
  long calls = 0;
};

Result<void> take_step(Store& store, int step) {
  const std::string value = std::to_string(step) + std::string(3000, 's');
  TRY(store.change([&](Transaction& txn) -> Result<void> {
    for (const char* twin : kTwins) TRY(txn.put(Table::kSessions, twin, value));
    return txn.put(Table::kSessionIndex, "step " + std::to_string(step), value);
  }));
  return {};
}

bool is_clear(const Error& error) {
  return error.code == Code::kUnavailable && !error.message.empty();
}

// All steps, each tried until it is done, with the fault lifted after the first that fails.
void run_scenario(const std::string& directory, const FaultPlan& plan, Durability durability,
                  Told& told) {
  plan_faults(plan);
  const auto store = Store::at(directory, {.durability = durability});
  for (int step = 1; step <= kSteps; ++step) {
    Result<void> taken = take_step(*store, step);
    if (taken && step % 3 == 0) taken = store->flush();
    if (!taken) {
      if (!is_clear(taken.error())) told.unclear = step;
      told.calls = std::max(told.calls, counted_calls());
      plan_faults({});
      if (!take_step(*store, step) || !store->flush()) told.refused_again = step;
    }
    told.acknowledged = step;
  }
  told.in_memory = store->stats().mode != "lmdb";
  told.calls = std::max(told.calls, counted_calls());
}

// 0 when all is as it was told.
int check_after(const std::string& directory, const Told& told) {
  const auto store = Store::at(directory);
  for (int i = 0; i < 20; ++i) {
    if (store->get(Table::kSessions, "old " + std::to_string(i)) != "content") return 1;
  }
  const auto left = store->get(Table::kSessions, kTwins[0]);
  for (const char* twin : kTwins) {
    if (store->get(Table::kSessions, twin) != left) return 2;
  }
  const int reached = left ? std::stoi(*left) : 0;
  if (!told.in_memory && reached != told.acknowledged) return 3;
  for (int step = 1; step <= kSteps; ++step) {
    const auto there = store->get(Table::kSessionIndex, "step " + std::to_string(step));
    if (there.has_value() != (step <= reached)) return 4;
  }
  if (store->stats().damaged != 0) return 5;
  if (store->stats().mode != "lmdb") return 6;
  return store->put(Table::kSessions, "after", "the fault") ? 0 : 7;
}

void check_every_call(Durability durability, bool first_use, bool and_after) {
  const bool all = std::getenv("QUARRY_LONG_TESTS") != nullptr;
  const int errors[] = {ENOSPC, EIO, EROFS};
  auto* const told = static_cast<Told*>(
      mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  REQUIRE(told != MAP_FAILED);
  long reached = 0;
  for (long k = 1; k <= 2000; ++k) {
    for (int e = 0; e < (all ? 3 : 1); ++e) {
      const int error = errors[(k + e) % 3];
      const TempWorkspace files;
      const std::string directory = files.path("s");
      if (!first_use) {
        const auto store = Store::at(directory);
        for (int i = 0; i < 20; ++i) {
          REQUIRE(store->put(Table::kSessions, "old " + std::to_string(i), "content"));
        }
      }
      *told = Told{};
      const FaultPlan plan{
          .directory = directory, .fail_at = k, .and_after = and_after, .error = error};
      INFO("call " << k << " fails with " << strerrorname_np(error));
      CHECK(run_process([&] {
              run_scenario(directory, plan, durability, *told);
              return 0;
            }) == 0);
      reached = told->calls;
      CHECK(told->unclear == 0);
      CHECK(told->refused_again == 0);
      if (first_use) {  // there is nothing old
        const auto store = Store::at(directory);
        CHECK(store->put(Table::kSessions, "after", "the fault"));
        CHECK(store->stats().mode == "lmdb");
        continue;
      }
      CHECK(run_process([&] { return check_after(directory, *told); }) == 0);
    }
    if (reached < k) break;  // the fault came to nothing: every call has had its turn
  }
  CHECK(reached > 20);
  munmap(told, sizeof(Told));
}

TEST_CASE("store survives the failure of any one call to the disk") {
  check_every_call(Durability::kNormal, false, false);
}

TEST_CASE("store survives the failure of any one call to the disk with full durability") {
  check_every_call(Durability::kFull, false, false);
}

TEST_CASE("store survives a disk that refuses from any moment on, until it takes again") {
  check_every_call(Durability::kNormal, false, true);
  check_every_call(Durability::kFull, false, true);
}

TEST_CASE("store survives the failure of any one call at its first use") {
  check_every_call(Durability::kNormal, true, false);
}

TEST_CASE("store that is damaged is taken over by the next one, whenever the first one fails") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(run_process([&] {
            const auto store = Store::at(directory);
            for (int i = 0; i < 60; ++i) {
              if (!store->put(Table::kSessions, std::to_string(i), std::string(300, 'v'))) return 1;
              if (i == 40 && !store->flush()) return 2;
            }
            _exit(0);  // nothing is flushed at the end
          }) == 0);
  const bool log = GENERATE(false, true);
  if (log) {
    files.write("s/recent/head", "nonsense");
  } else {
    std::string bytes = files.read("s/state/data.mdb");
    bytes.replace(bytes.size() / 2 / 4096 * 4096, 4096, std::string(4096, '\xee'));
    files.write("s/state/data.mdb", bytes);
  }
  const auto records_in = [](Store& store) {
    int records = 0;
    REQUIRE(store.each(Table::kSessions, [&](std::string_view, std::string_view) {
      ++records;
      return true;
    }));
    return records;
  };
  namespace fs = std::filesystem;
  fs::copy(directory, files.path("damaged"), fs::copy_options::recursive);
  const int expected = records_in(*Store::at(directory));
  CHECK(expected >= 20);
  CHECK((!log || expected == 60));
  long reached = 0;
  for (long k = 1; k <= 500; ++k) {
    INFO("from call " << k << " on");
    fs::remove_all(directory);
    fs::copy(files.path("damaged"), directory, fs::copy_options::recursive);
    fs::permissions(directory, fs::perms::owner_all);
    // With the disk's refusal for ever, as far as that process goes: as if it had been killed.
    const int exit_with = run_process([&] {
      plan_faults({.directory = directory, .fail_at = k, .and_after = true, .error = EIO});
      (void)Store::at(directory)->stats();
      return counted_calls() < k ? 1 : 0;
    });
    {
      const auto store = Store::at(directory);
      CHECK(records_in(*store) == expected);
      CHECK(store->doubts() == 1);
      store->settle_doubts();
    }
    const auto store = Store::at(directory);
    CHECK(records_in(*store) == expected);
    CHECK(store->doubts() == 0);
    reached = k;
    if (exit_with == 1) break;
  }
  CHECK(reached > 5);
  CHECK(reached < 500);
}

TEST_CASE("store whose damaged state could not be taken over is in doubt") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(run_process([&] {
            const auto store = Store::at(directory, {.durability = Durability::kFull});
            for (int i = 0; i < 60; ++i) {
              if (!store->put(Table::kSessions, std::to_string(i), std::string(300, 'v'))) return 1;
            }
            return 0;
          }) == 0);
  std::string bytes = files.read("s/state/data.mdb");
  bytes.replace(bytes.size() / 2 / 4096 * 4096, 4096, std::string(4096, '\xee'));
  files.write("s/state/data.mdb", bytes);
  namespace fs = std::filesystem;
  fs::copy(directory, files.path("damaged"), fs::copy_options::recursive);
  constexpr int kNoSuchCall = 1;
  constexpr int kDoubted = 2;
  constexpr int kTrusted = 3;
  int doubted = 0;
  int exit_with = 0;
  for (long k = 1; k <= 500 && exit_with != kNoSuchCall; ++k) {
    INFO("call " << k);
    fs::remove_all(directory);
    fs::copy(files.path("damaged"), directory, fs::copy_options::recursive);
    fs::permissions(directory, fs::perms::owner_all);
    exit_with = run_process([&] {
      plan_faults({.directory = directory, .fail_at = k, .error = ENOSPC});
      const auto store = Store::at(directory);
      if (store->stats().note.find("nothing of it could be read") != std::string::npos) {
        return store->doubts() > 0 ? kDoubted : kTrusted;
      }
      return counted_calls() < k ? kNoSuchCall : 0;
    });
    CHECK(exit_with != kTrusted);
    doubted += exit_with == kDoubted ? 1 : 0;
  }
  CHECK(exit_with == kNoSuchCall);
  CHECK(doubted > 0);
}

TEST_CASE("store changes the state itself where the log of recent changes has no space") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const auto store = Store::at(directory);
  REQUIRE(store->put(Table::kSessions, "old", "content"));
  const auto change = [&](const std::string& without_space) {
    plan_faults({.directory = without_space, .fail_at = 1, .and_after = true, .error = ENOSPC});
    auto written = store->change([](Transaction& txn) -> Result<void> {
      TRY(txn.put(Table::kSessions, "new", "content"));
      return txn.erase(Table::kSessions, "old");
    });
    plan_faults({});
    return written;
  };
  const auto refused = change(directory);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kUnavailable);
  for (const char* way_on : {"close sessions", "free space", "another --state-dir"}) {
    CHECK(refused.error().message.find(way_on) != std::string::npos);
  }
  CHECK(store->get(Table::kSessions, "old") == "content");
  const auto written = change(directory + "/recent");
  REQUIRE(written);
  CHECK(written->durable);
  CHECK_FALSE(store->get(Table::kSessions, "old"));
  CHECK(store->get(Table::kSessions, "new") == "content");
}

}  // namespace
}  // namespace quarry::store
