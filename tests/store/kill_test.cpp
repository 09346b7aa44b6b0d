// Killing the processes of a store at any moment, flushes included (SE-05, SE-06).
//
// QUARRY_LONG_TESTS=1: 10,000 kills instead of 200.

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/store/lmdb_store.h"
#include "server/store/store.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

constexpr int kWriters = 3;
constexpr std::uint64_t kKept = 60;  // how many numbered records of a writer stay

std::string counted(std::uint64_t n) {
  return std::to_string(n) + ":" + std::string(n % 2000, static_cast<char>('a' + n % 26));
}

std::string twin(int writer, int which) {
  return std::to_string(writer) + " twin " + std::to_string(which);
}

std::string numbered(int writer, std::uint64_t n) {
  return std::to_string(writer) + " number " + std::to_string(n % kKept);
}

std::uint64_t number_of(const std::optional<std::string>& value) {
  return value ? std::strtoull(value->c_str(), nullptr, 10) : 0;
}

// Change n of a writer: three twins and a numbered record, in two tables, and what erases one. It
// counts on from what it finds, so that a lost change would show.
Result<Written> write_next(Store& store, int writer, std::uint64_t& n) {
  return store.change([&](Transaction& txn) -> Result<void> {
    n = number_of(txn.get(Table::kSessions, twin(writer, 0))) + 1;
    for (int i = 0; i < 3; ++i) TRY(txn.put(Table::kSessions, twin(writer, i), counted(n)));
    const std::string odd = std::to_string(writer) + " odd";
    TRY(n % 2 == 1 ? txn.put(Table::kSessionIndex, odd, counted(n))
                   : txn.erase(Table::kSessionIndex, odd));
    return txn.put(Table::kSessionState, numbered(writer, n), counted(n));
  });
}

// Never returns but by a failure: tells each acknowledged number.
int keep_writing(const std::string& directory, int writer, Durability durability, int to) {
  const auto store = Store::at(directory, {.durability = durability});
  for (std::uint64_t n = 0;;) {
    if (!write_next(*store, writer, n)) return 1;
    if (write(to, &n, sizeof n) != static_cast<ssize_t>(sizeof n)) return 2;
    if (n % 7 == 0 && !store->flush()) return 3;
  }
}

// 0 when every acknowledged change is there and none in part. Tells what it found: of each writer
// one more than acknowledged may be there.
int check_all(const std::string& directory, const std::vector<std::uint64_t>& acknowledged,
              int to) {
  const auto store = Store::at(directory);
  for (int writer = 0; writer < kWriters; ++writer) {
    const auto first = store->get(Table::kSessions, twin(writer, 0));
    const std::uint64_t n = number_of(first);
    if (n < acknowledged[static_cast<std::size_t>(writer)]) return 1;
    if (n > acknowledged[static_cast<std::size_t>(writer)] + 1) return 2;
    if (write(to, &n, sizeof n) != static_cast<ssize_t>(sizeof n)) return 9;
    if (n == 0) continue;
    if (first != counted(n)) return 3;
    for (int i = 1; i < 3; ++i) {
      if (store->get(Table::kSessions, twin(writer, i)) != first) return 4;
    }
    const auto odd = store->get(Table::kSessionIndex, std::to_string(writer) + " odd");
    if (odd.has_value() != (n % 2 == 1) || (odd && *odd != *first)) return 5;
    for (std::uint64_t m = n; m > 0 && m + kKept > n; --m) {
      if (store->get(Table::kSessionState, numbered(writer, m)) != counted(m)) return 6;
    }
  }
  if (store->stats().damaged != 0) return 7;
  return store->stats().mode == "lmdb" ? 0 : 8;
}

TEST_CASE("store keeps every acknowledged change, whole, whoever is killed when (SE-05)") {
  const int rounds = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 10'000 : 200;
  const TempWorkspace files;
  const std::string directory = files.path("s");
  std::mt19937 random(std::random_device{}());
  std::vector<std::uint64_t> acknowledged(kWriters, 0);
  for (int round = 0; round < rounds; ++round) {
    std::vector<Pipe> pipes(kWriters);
    std::vector<pid_t> children;
    const int writers = 1 + static_cast<int>(random() % kWriters);
    for (int w = 0; w < writers; ++w) {
      const Durability durability = random() % 3 == 0 ? Durability::kFull : Durability::kNormal;
      children.push_back(start_process([&, w, durability] {
        return keep_writing(directory, w, durability, pipes[static_cast<std::size_t>(w)].to.get());
      }));
    }
    const timespec moment{0, static_cast<long>(random() % 12'000'000)};
    nanosleep(&moment, nullptr);
    // One after another: the others go on a little without it.
    for (const pid_t child : children) {
      REQUIRE(kill(child, SIGKILL) == 0);
      const timespec pause{0, static_cast<long>(random() % 500'000)};
      nanosleep(&pause, nullptr);
    }
    for (const pid_t child : children) CHECK(exit_code(child) == 128 + SIGKILL);
    for (std::size_t w = 0; w < kWriters; ++w) {
      pipes[w].to.reset();
      std::uint64_t n = 0;
      while (read(pipes[w].from.get(), &n, sizeof n) == static_cast<ssize_t>(sizeof n)) {
        if (n <= acknowledged[w]) FAIL("number " << n << " of writer " << w << " came twice");
        acknowledged[w] = n;
      }
    }
    INFO("round " << round);
    const Pipe found;
    REQUIRE(run_process([&] { return check_all(directory, acknowledged, found.to.get()); }) == 0);
    for (std::uint64_t& n : acknowledged) {
      REQUIRE(read(found.from.get(), &n, sizeof n) == static_cast<ssize_t>(sizeof n));
    }
  }
  CHECK(acknowledged[0] > 0);
  CHECK(access((directory + "/state.damaged").c_str(), F_OK) != 0);
  CHECK(access((directory + "/recent.damaged").c_str(), F_OK) != 0);
}

TEST_CASE("store begins anew where its maker was killed, and calls nothing damaged (SE-05)") {
  for (const std::string part : {"state", "cache"}) {
    for (const std::size_t size : {0, 1, 4096}) {
      for (const bool folder : {false, true}) {
        const TempWorkspace files;
        const std::string directory = files.path("s");
        REQUIRE(Store::at(directory)->stats().mode == "lmdb");
        std::filesystem::remove_all(directory + "/" + part);
        files.make_directory("s/" + part + ".new");
        files.write("s/" + part + ".new/data.mdb", std::string(size, 'x'));
        files.write("s/" + part + ".new/lock.mdb", "");
        // What earlier versions left: the folder, and in it no data yet.
        if (folder) files.write("s/" + part + "/lock.mdb", "");
        const auto store = Store::at(directory);
        INFO(part << " " << size << " " << folder << " " << store->stats().note);
        CHECK(store->stats().mode == "lmdb");
        CHECK(store->put(Table::kSessions, "1", "new"));
        CHECK(store->put(Table::kAnalysis, "1", "new"));
        CHECK_FALSE(std::filesystem::exists(directory + "/" + part + ".damaged"));
        CHECK_FALSE(std::filesystem::exists(directory + "/" + part + ".new"));
      }
    }
  }
}

TEST_CASE("store counter that eight processes increment loses no increment (SE-06)") {
  constexpr int kProcesses = 8;
  constexpr int kEach = 40;
  const TempWorkspace files;
  const std::string directory = files.path("s");
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(start_process([&, p] {
      const auto store = Store::at(
          directory, {.durability = p % 2 == 0 ? Durability::kFull : Durability::kNormal});
      for (int i = 0; i < kEach; ++i) {
        const auto changed = store->change([&](Transaction& txn) {
          const std::uint64_t n = number_of(txn.get(Table::kTotals, "counter"));
          return txn.put(Table::kTotals, "counter", std::to_string(n + 1));
        });
        if (!changed) return 1;
        if (p % 2 == 0 && !changed->durable) return 2;
        if (p == 1 && i % 10 == 0 && !store->flush()) return 3;
      }
      return store->stats().mode == "lmdb" ? 0 : 4;
    }));
  }
  for (const pid_t child : children) CHECK(exit_code(child) == 0);
  CHECK(Store::at(directory)->get(Table::kTotals, "counter") == std::to_string(kProcesses * kEach));
}

TEST_CASE("store goes on beside a process that is stopped in the middle of a change (SE-07)") {
  for (const Durability durability : {Durability::kNormal, Durability::kFull}) {
    const TempWorkspace files;
    const std::string directory = files.path("s");
    REQUIRE(Store::at(directory)->put(Table::kSessions, "k", "v"));
    Pipe inside;
    const pid_t stopped = start_process([&] {
      const auto store = Store::at(directory, {.durability = durability});
      const auto changed = store->change([&](Transaction& txn) -> Result<void> {
        TRY(txn.put(Table::kSessions, "k", "of the stopped"));
        if (write(inside.to.get(), "x", 1) != 1) return fail(Code::kInternal, "no pipe");
        raise(SIGSTOP);
        return {};
      });
      return changed ? 0 : 1;
    });
    char byte = 0;
    REQUIRE(read(inside.from.get(), &byte, 1) == 1);
    int status = 0;
    REQUIRE(waitpid(stopped, &status, WUNTRACED) == stopped);
    REQUIRE(WIFSTOPPED(status));
    {
      LmdbStore::Options options;
      options.state_patience = std::chrono::milliseconds(20);
      const auto store = LmdbStore::open(directory, options);
      REQUIRE(store);
      const auto put = (*store)->put(Table::kSessions, "k", "w");
      CHECK((!put && put.error().code == Code::kUnavailable));
      CHECK((*store)->get(Table::kSessions, "k") == "v");
      REQUIRE((*store)->put(Table::kGit, "k", "cached"));
      REQUIRE(kill(stopped, SIGCONT) == 0);
      CHECK(exit_code(stopped) == 0);
      CHECK((*store)->get(Table::kSessions, "k") == "of the stopped");
      CHECK((*store)->put(Table::kSessions, "k", "w"));
      CHECK((*store)->stats().waits > 0);
    }
  }
}

}  // namespace
}  // namespace quarry::store
