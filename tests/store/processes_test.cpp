// Several processes on one state directory, and processes that are killed (SE-05 to SE-08).

#include <atomic>
#include <csignal>
#include <ctime>
#include <random>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/store/lmdb_store.h"
#include "server/store/page_lock.h"
#include "server/store/recent_head.h"
#include "server/store/store.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

TEST_CASE("store puts of one process are seen by another that is open (SE-06)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const Pipe to_child, to_parent;
  const pid_t child = start_process([&] {
    const auto store = Store::at(directory);
    if (store->get(Table::kSessions, "from parent")) return 1;
    to_parent.tell();  // open
    if (!to_child.wait()) return 2;
    if (store->get(Table::kSessions, "from parent") != "s") return 3;
    if (store->get(Table::kGit, "from parent") != "c") return 4;
    if (!store->put(Table::kSessions, "from child", "s")) return 5;
    if (!store->put(Table::kGit, "from child", "c")) return 6;
    to_parent.tell();
    return to_child.wait() && store->stats().mode == "lmdb" ? 0 : 7;
  });
  REQUIRE(to_parent.wait());
  const auto store = Store::at(directory);
  REQUIRE(store->put(Table::kSessions, "from parent", "s"));
  REQUIRE(store->put(Table::kGit, "from parent", "c"));
  to_child.tell();
  REQUIRE(to_parent.wait());
  CHECK(store->get(Table::kSessions, "from child") == "s");
  CHECK(store->get(Table::kGit, "from child") == "c");
  to_child.tell();
  CHECK(exit_code(child) == 0);
}

TEST_CASE("store of eight processes that write at once loses nothing (SE-06)") {
  constexpr int kProcesses = 8;
  constexpr int kEach = 25;
  const TempWorkspace files;
  const std::string directory = files.path("s");
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(start_process([&, p] {
      const auto store = Store::at(directory);  // eight openings at once, too
      for (int i = 0; i < kEach; ++i) {
        const std::string key = std::to_string(p) + " " + std::to_string(i);
        if (!store->put(Table::kSessions, key, key)) return 1;
        if (!store->put(Table::kGit, key, key)) return 2;
        if (store->get(Table::kSessions, key) != key) return 3;
      }
      return store->stats().mode == "lmdb" ? 0 : 4;
    }));
  }
  for (const pid_t child : children) CHECK(exit_code(child) == 0);
  const auto store = Store::at(directory);
  int missing = 0;
  for (int p = 0; p < kProcesses; ++p) {
    for (int i = 0; i < kEach; ++i) {
      const std::string key = std::to_string(p) + " " + std::to_string(i);
      missing += store->get(Table::kSessions, key) == key ? 0 : 1;
      missing += store->get(Table::kGit, key) == key ? 0 : 1;
    }
  }
  CHECK(missing == 0);
}

TEST_CASE("store does not wait for ever for a process that stopped while writing (SE-07)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(Store::at(directory)->put(Table::kSessions, "k", "v"));
  const Pipe holds;
  const pid_t stopped = start_process([&] {
    auto other = StateDirectory::open(directory);
    if (!other) return 1;
    (*other)->opened();
    using std::chrono::milliseconds;
    if (!(*other)->lock(StateDirectory::Byte::kStateWriter, milliseconds(0))) return 2;
    const Fd recent(openat((*other)->fd(), "recent", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto head = RecentHead::open(recent.get(), /*may_be_new=*/false);
    if (!head) return 5;
    PageLock recent_lock((*head)->writer(), **other);
    if (!recent_lock.lock(milliseconds(0))) return 3;
    if (!(*other)->lock(StateDirectory::Byte::kCacheWriter, milliseconds(0))) return 4;
    holds.tell();
    for (;;) pause();
  });
  REQUIRE(holds.wait());
  LmdbStore::Options options;
  options.state_patience = options.cache_patience = std::chrono::milliseconds(20);
  auto opened = LmdbStore::open(directory, options);
  REQUIRE(opened);
  Store& store = **opened;
  for (const Table table : {Table::kSessions, Table::kGit}) {
    const Result<void> put = store.put(table, "k", "w");
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Code::kUnavailable);
    CHECK(put.error().message == "another quarry process keeps the store locked; call again later");
  }
  CHECK(store.get(Table::kSessions, "k") == "v");
  REQUIRE(kill(stopped, SIGKILL) == 0);
  CHECK(exit_code(stopped) == 128 + SIGKILL);
  CHECK(store.put(Table::kSessions, "k", "w"));  // the kernel gave the lock back
  CHECK(store.put(Table::kGit, "k", "w"));
}

TEST_CASE("page lock is held by one process, and taken over from one that died") {
  using std::chrono::milliseconds;
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(Store::at(directory)->put(Table::kSessions, "k", "v"));
  std::atomic<std::uint64_t> own_word{0};
  auto mine = StateDirectory::open(directory);
  REQUIRE(mine);
  (*mine)->opened();
  const Fd recent(openat((*mine)->fd(), "recent", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto head = RecentHead::open(recent.get(), /*may_be_new=*/false);
  REQUIRE(head);
  PageLock lock((*head)->writer(), **mine);
  REQUIRE(lock.lock(milliseconds(0)));
  CHECK((*mine)->waits() == 0);
  const Pipe held;
  const pid_t child = start_process([&] {
    auto other = StateDirectory::open(directory);
    if (!other) return 1;
    (*other)->opened();
    PageLock same((*head)->writer(), **other);
    if (same.lock(milliseconds(5))) return 2;  // it is ours
    held.tell();
    if (!same.lock(milliseconds(60'000))) return 3;
    held.tell();
    for (;;) pause();
  });
  REQUIRE(held.wait());
  lock.unlock();
  REQUIRE(held.wait());
  CHECK_FALSE(lock.lock(milliseconds(5)));
  CHECK((*mine)->waits() == 1);
  REQUIRE(kill(child, SIGKILL) == 0);
  CHECK(exit_code(child) == 128 + SIGKILL);
  CHECK(lock.lock(milliseconds(0)));
  lock.unlock();
  // What an earlier process of our number left, and what nobody can have written.
  for (const std::uint64_t left :
       {std::uint64_t{7} << 32U | (*mine)->process_byte(), std::uint64_t{0xFFFFFFFFFFFFFFFF}}) {
    own_word = left;
    PageLock over(own_word, **mine);
    // Ours is given free at once: to others it would look like this process's.
    CHECK((own_word == 0) == (static_cast<std::uint32_t>(left) == (*mine)->process_byte()));
    CHECK(over.lock(milliseconds(0)));
  }
}

TEST_CASE("store goes on in memory when another process hangs while opening (SE-07)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const Pipe holds;
  const pid_t stopped = start_process([&] {
    const auto other = StateDirectory::open(directory);  // and never opened()
    if (!other) return 1;
    holds.tell();
    for (;;) pause();
  });
  REQUIRE(holds.wait());
  {
    const auto store = Store::at(directory);
    CHECK(store->put(Table::kSessions, "k", "v"));
    CHECK(store->stats().mode == "memory");
    CHECK(store->stats().note == "another process keeps the state directory locked");
  }
  REQUIRE(kill(stopped, SIGKILL) == 0);
  exit_code(stopped);
  CHECK(Store::at(directory)->stats().mode == "lmdb");
}

TEST_CASE("store clears the reader slots of 200 dead processes (SE-08)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  LmdbStore::Options options;
  options.max_readers = 8;
  for (int i = 0; i < 200; ++i) {
    // Ends without closing: its slots stay taken, in both environments.
    REQUIRE(run_process([&] {
              auto store = LmdbStore::open(directory, options);
              if (!store) return 1;
              const std::string key = std::to_string(i);
              if (!(*store)->put(Table::kSessions, key, key)) return 2;
              if (!(*store)->put(Table::kGit, key, key)) return 3;
              if ((*store)->get(Table::kSessions, key) != key) return 4;
              return (*store)->get(Table::kGit, key) == key ? 0 : 5;
            }) == 0);
  }
}

TEST_CASE("environment clears dead readers also when they die while it is open (SE-08)") {
  const TempWorkspace files;
  files.make_directory("e");
  const std::string directory = files.path("e");
  const Environment::Options options{.map_bytes = 1U << 20U, .max_readers = 3};
  const Pipe go, done;
  const pid_t child = start_process([&] {
    auto environment = Environment::open(directory, options);
    if (!environment) return 1;
    if (!(*environment)->change([](Environment::Change& change) { return change.put("k", "v"); })) {
      return 2;
    }
    done.tell();
    if (!go.wait()) return 3;
    // The first read of this process: every slot is taken, by the dead.
    std::string value;
    const Result<bool> found = (*environment)->find("k", value);
    return found && *found && value == "v" ? 0 : 4;
  });
  REQUIRE(done.wait());
  // All three are alive at the same time, so that none clears another at its opening.
  std::vector<pid_t> readers;
  const Pipe ready, end;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(start_process([&] {
      auto environment = Environment::open(directory, options);
      std::string value;
      const bool read = environment && (*environment)->find("k", value).value_or(false);
      ready.tell();
      end.wait();
      _exit(read ? 0 : 2);  // without closing
      return 0;
    }));
  }
  for (int i = 0; i < 3; ++i) REQUIRE(ready.wait());
  for (int i = 0; i < 3; ++i) end.tell();
  for (const pid_t reader : readers) CHECK(exit_code(reader) == 0);
  go.tell();
  CHECK(exit_code(child) == 0);
}

// Number `n` and what belongs to it; a torn or mixed value cannot look like this.
std::string numbered(std::uint64_t n) {
  return std::to_string(n) + ":" + std::string(n % 3000, static_cast<char>('a' + n % 26));
}

TEST_CASE("store keeps every acknowledged put of a process that is killed at any time (SE-05)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  std::mt19937 random(std::random_device{}());
  std::uint64_t acknowledged = 0;  // the last number of which the child said that it is stored
  for (int round = 0; round < 30; ++round) {
    Pipe progress;
    const std::uint64_t first = acknowledged + 1;
    const pid_t child = start_process([&] {
      progress.from.reset();
      const auto store = Store::at(directory);
      for (std::uint64_t n = first;; ++n) {
        if (!store->put(Table::kSessions, std::to_string(n), numbered(n))) return 1;
        if (!store->put(Table::kGit, std::to_string(n % 50), numbered(n))) return 2;
        if (write(progress.to.get(), &n, sizeof n) != static_cast<ssize_t>(sizeof n)) return 3;
      }
    });
    progress.to.reset();
    std::uint64_t n = 0;
    const std::uint64_t puts = random() % 30;
    for (std::uint64_t i = 0; i < puts; ++i) {
      REQUIRE(read(progress.from.get(), &n, sizeof n) == static_cast<ssize_t>(sizeof n));
      acknowledged = n;
    }
    const timespec moment{0, static_cast<long>(random() % 3'000'000)};
    nanosleep(&moment, nullptr);
    REQUIRE(kill(child, SIGKILL) == 0);
    CHECK(exit_code(child) == 128 + SIGKILL);
    while (read(progress.from.get(), &n, sizeof n) == static_cast<ssize_t>(sizeof n)) {
      acknowledged = n;
    }
    // In a process of its own, as a new server would be.
    const int code = run_process([&] {
      const auto store = Store::at(directory);
      for (std::uint64_t i = 1; i <= acknowledged; ++i) {
        if (store->get(Table::kSessions, std::to_string(i)) != numbered(i)) return 1;
      }
      bool whole = true;
      for (const Table table : {Table::kSessions, Table::kGit}) {
        if (!store->each(table, [&](std::string_view, std::string_view value) {
              const std::uint64_t of = std::stoull(std::string(value));
              whole = whole && value == numbered(of) && of <= acknowledged + 1;
              return true;
            })) {
          return 2;
        }
      }
      if (!whole) return 3;
      if (store->stats().damaged != 0) return 4;
      if (store->stats().mode != "lmdb") return 5;
      return 0;  // one more put was under way: stored or not, both are right
    });
    INFO("round " << round << " of acknowledged " << acknowledged);
    REQUIRE(code == 0);
  }
  CHECK(acknowledged > 0);
  CHECK_FALSE(access((directory + "/state.damaged").c_str(), F_OK) == 0);
  CHECK_FALSE(access((directory + "/cache.damaged").c_str(), F_OK) == 0);
}

TEST_CASE("store that looks seldom sees every change of a process that flushes all the time") {
  constexpr int kEachChanges = 400;
  const TempWorkspace files;
  const std::string directory = files.path("s");
  int to_writer[2];
  int to_reader[2];
  REQUIRE(pipe(to_writer) == 0);
  REQUIRE(pipe(to_reader) == 0);
  const pid_t writer = start_process([&] {
    char byte = 0;
    if (read(to_writer[0], &byte, 1) != 1) return 1;
    const auto store = Store::at(directory);
    for (int n = 1; n <= kEachChanges; ++n) {
      if (!store->put(Table::kSessions, "n", std::to_string(n))) return 2;
      if (n % 5 == 0 && !store->flush()) return 3;
      if (n % 40 != 0) continue;
      if (write(to_reader[1], "x", 1) != 1 || read(to_writer[0], &byte, 1) != 1) return 4;
    }
    return 0;
  });
  const auto reader = Store::at(directory);
  std::uint64_t generation = reader->generation();
  REQUIRE(write(to_writer[1], "x", 1) == 1);
  for (int n = 40; n <= kEachChanges; n += 40) {
    char byte = 0;
    REQUIRE(read(to_reader[0], &byte, 1) == 1);
    CHECK(reader->generation() != generation);
    generation = reader->generation();
    CHECK(reader->generation() == generation);
    CHECK(reader->get(Table::kSessions, "n") == std::to_string(n));
    REQUIRE(write(to_writer[1], "x", 1) == 1);
  }
  CHECK(exit_code(writer) == 0);
}

}  // namespace
}  // namespace quarry::store
