// Files that are gone or cut short, above all the head of the log of recent changes: what was
// acknowledged stays.

#include <csignal>
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/store/lmdb_store.h"
#include "tests/store/content.h"
#include "tests/store/support.h"
#include "tests/support/still_clock.h"

namespace quarry::store {
namespace {

using quarry::test::StillClock;
using quarry::test::TempWorkspace;

std::unique_ptr<Store> open_store(const std::string& directory) {
  static const StillClock clock;
  // A small log, which begins anew often.
  auto store = LmdbStore::open(directory, {.recent_bytes = 64U << 10U, .clock = &clock});
  return store ? std::move(*store) : nullptr;
}

// The same changes for the same seed: of the store, and of what it should hold. False when one
// fails.
bool use(std::uint32_t seed, Store* store, Content& content) {
  std::mt19937 random(seed);
  const unsigned long steps = random() % 60;
  for (unsigned long i = 0; i < steps; ++i) {
    const std::string key = "key " + std::to_string(random() % 20);
    const unsigned long kind = random() % 12;
    const std::string value = std::to_string(seed) + std::string(random() % 3000, 'v');
    if (kind == 0) {
      if (store != nullptr && !store->flush()) return false;
    } else if (kind < 4) {
      content.erase(key);
      if (store != nullptr && !store->erase(Table::kSessionState, key)) return false;
    } else {
      content[key] = value;
      if (store != nullptr && !store->put(Table::kSessionState, key, value)) return false;
    }
  }
  return true;
}

TEST_CASE("store whose log has lost its head takes up what the log says, and tells") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const std::string head = directory + "/recent/head";
  Content content;
  for (std::uint32_t round = 0; round < 60; ++round) {
    INFO("round " << round);
    // Killed, so that nothing is flushed at the end.
    REQUIRE(run_process([&] {
              const auto store = open_store(directory);
              _exit(store && use(round, store.get(), content) ? 0 : 1);
              return 1;
            }) == 0);
    use(round, nullptr, content);
    bool lost = std::filesystem::file_size(directory + "/recent/0") +
                    std::filesystem::file_size(directory + "/recent/1") >
                0;
    if (round % 4 == 0) {
      REQUIRE(truncate(head.c_str(), 0) == 0);
    } else if (round % 4 == 1) {
      REQUIRE(unlink(head.c_str()) == 0);
    } else if (round % 4 == 2) {
      files.write("s/recent/head", std::string(4096, 'x'));
      lost = true;
    } else {
      lost = false;
    }
    const int code = run_process([&] {
      const auto store = open_store(directory);
      if (!store) return 1;
      if (content_of(*store) != content) return 2;
      if (store->stats().note.empty() == lost) return 3;
      _exit(0);
      return 4;
    });
    REQUIRE(code == 0);
    CHECK(std::filesystem::exists(directory + "/recent.damaged") == (round > 0 || lost));
  }
}

TEST_CASE("store does not make a head that others may still have") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  Pipe ready;
  Pipe done;
  const pid_t other = start_process([&] {
    const auto store = open_store(directory);
    if (!store || !store->put(Table::kSessionState, "k", "v")) return 1;
    ready.tell();
    done.wait();
    return 0;
  });
  REQUIRE(ready.wait());
  REQUIRE(unlink((directory + "/recent/head").c_str()) == 0);
  CHECK_FALSE(open_store(directory));
  done.tell();
  CHECK(exit_code(other) == 0);
  CHECK(content_of(*open_store(directory)) == Content{{"k", "v"}});
}

TEST_CASE("store whose mapped files are cut short under it loses nothing that is elsewhere") {
  const std::string victim =
      GENERATE(as<std::string>(), "recent/head", "state/lock.mdb", "cache/data.mdb");
  const bool flushed = GENERATE(true, false);
  INFO(victim << (flushed ? ", flushed" : ", pending"));
  const TempWorkspace files;
  const std::string directory = files.path("s");
  Content content;
  use(7, nullptr, content);
  Pipe ready;
  Pipe cut;
  const pid_t user = start_process([&] {
    const auto store = open_store(directory);
    Content same;
    if (!store || !use(7, store.get(), same)) return 1;
    if (flushed && !store->flush()) return 2;
    (void)store->put(Table::kGit, "k", "v");
    // The fault is meant: no report of a sanitizer.
    (void)signal(SIGBUS, SIG_DFL);
    ready.tell();
    cut.wait();
    (void)store->get(Table::kSessionState, "key 1");
    (void)store->get(Table::kGit, "k");
    _exit(0);
  });
  REQUIRE(ready.wait());
  REQUIRE(truncate((directory + "/" + victim).c_str(), 0) == 0);
  cut.tell();
  const int code = exit_code(user);
  CHECK((code == 0 || code == 128 + SIGBUS));
  const auto next = open_store(directory);
  REQUIRE(next);
  CHECK(content_of(*next) == content);
}

}  // namespace
}  // namespace quarry::store
