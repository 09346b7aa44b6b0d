// Several processes on one state directory, and processes that are killed (SE-05 to SE-08).

#include <atomic>
#include <csignal>
#include <ctime>
#include <map>
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

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    from = Fd(ends[0]);
    to = Fd(ends[1]);
  }
  // Until the other end is written to or closed.
  bool wait() const {
    char byte = 0;
    return read(from.get(), &byte, 1) == 1;
  }
  void tell() const {
    if (write(to.get(), "x", 1) != 1) std::abort();
  }
  Fd from, to;
};

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
    const auto head = RecentHead::open(recent.get());
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
  const auto head = RecentHead::open(recent.get());
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
std::string counted(std::uint64_t n) {
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
        if (!store->put(Table::kSessions, std::to_string(n), counted(n))) return 1;
        if (!store->put(Table::kGit, std::to_string(n % 50), counted(n))) return 2;
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
        if (store->get(Table::kSessions, std::to_string(i)) != counted(i)) return 1;
      }
      bool whole = true;
      for (const Table table : {Table::kSessions, Table::kGit}) {
        if (!store->each(table, [&](std::string_view, std::string_view value) {
              const std::uint64_t of = std::stoull(std::string(value));
              whole = whole && value == counted(of) && of <= acknowledged + 1;
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
  constexpr int kChanges = 400;
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
    for (int n = 1; n <= kChanges; ++n) {
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
  for (int n = 40; n <= kChanges; n += 40) {
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
