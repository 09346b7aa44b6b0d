#include "server/store/commit_queue.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/store/lmdb_store.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

// The queue does not look into a work: these are names.
const Store::Work kFirst, kLater, kGood, kBad;

TEST_CASE("commit queue commits a lone change at once and alone") {
  std::vector<std::size_t> batches;
  CommitQueue queue([&](CommitQueue::Batch batch) { batches.push_back(batch.size()); });
  for (int i = 0; i < 3; ++i) {
    PendingChange change;
    CHECK(queue.apply(change));
  }
  CHECK(batches == std::vector<std::size_t>{1, 1, 1});
}

TEST_CASE("commit queue commits what came during a commit together") {
  constexpr std::size_t kFollowers = 12;
  std::vector<const Store::Work*> committed;
  std::vector<std::size_t> batches;
  std::atomic<bool> first_is_in{false};
  std::atomic<bool> release{false};
  CommitQueue queue([&](CommitQueue::Batch batch) {
    batches.push_back(batch.size());
    for (const PendingChange* change : batch) committed.push_back(change->work);
    first_is_in = true;
    while (!release) std::this_thread::yield();
  });
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    PendingChange change{.work = &kFirst};
    if (!queue.apply(change)) std::abort();
  });
  while (!first_is_in) std::this_thread::yield();
  for (std::size_t i = 0; i < kFollowers; ++i) {
    threads.emplace_back([&] {
      PendingChange change{.work = &kLater};
      if (!queue.apply(change)) std::abort();
    });
  }
  while (queue.waiting() < kFollowers) std::this_thread::yield();
  release = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(committed.size() == kFollowers + 1);
  CHECK(committed.front() == &kFirst);
  CHECK(batches == std::vector<std::size_t>{1, kFollowers});
}

TEST_CASE("commit queue gives each change its own outcome and never exceeds a batch") {
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  CommitQueue queue([&](CommitQueue::Batch batch) {
    if (++inside != 1 || batch.empty() || batch.size() > CommitQueue::kMostChanges) ++wrong;
    for (PendingChange* change : batch) {
      if (change->work == &kBad) change->outcome = fail(Code::kTooLarge, "bad");
    }
    --inside;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const bool bad = (t + i) % 3 == 0;
        PendingChange change{.work = bad ? &kBad : &kGood};
        if (static_cast<bool>(queue.apply(change)) == bad) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("store puts of many threads are all there, in at most as many commits") {
  constexpr int kThreads = 16;
  constexpr int kEach = 50;
  const quarry::test::TempWorkspace files;
  const auto store = Store::at(files.path("s"), {.durability = Durability::kFull});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string key = std::to_string(t) + " " + std::to_string(i);
        if (!store->put(Table::kSessions, key, key)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      const std::string key = std::to_string(t) + " " + std::to_string(i);
      if (store->get(Table::kSessions, key) != key) ++wrong;
    }
  }
  CHECK(wrong == 0);
  const StoreStats stats = store->stats();
  CHECK(stats.puts == kThreads * kEach);
  CHECK(stats.commits >= kEach);  // each thread waited for its own
  CHECK(stats.commits <= kThreads * kEach);
}

TEST_CASE("store puts that wait for the same commit share it") {
  // How many come together depends on the disk. Here another process holds the writer's lock until
  // all have come: one leads with its own record, the others follow in the next commit.
  constexpr std::uint64_t kThreads = 16;
  const quarry::test::TempWorkspace files;
  const std::string directory = files.path("s");
  int held[2];
  int release[2];
  REQUIRE(pipe(held) == 0);
  REQUIRE(pipe(release) == 0);
  const pid_t holder = start_process([&] {
    auto other = StateDirectory::open(directory);
    if (!other) return 1;
    (*other)->opened();
    if (!(*other)->lock(StateDirectory::Byte::kStateWriter, std::chrono::milliseconds(0))) return 2;
    char byte = 0;
    return write(held[1], "x", 1) == 1 && read(release[0], &byte, 1) == 1 ? 0 : 3;
  });
  char byte = 0;
  REQUIRE(read(held[0], &byte, 1) == 1);
  LmdbStore::Options options;
  options.durability = Durability::kFull;
  options.state_patience = std::chrono::minutes(1);
  auto store = LmdbStore::open(directory, options);
  REQUIRE(store);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      if (!(*store)->put(Table::kSessions, std::to_string(t), "v")) ++wrong;
    });
  }
  while ((*store)->stats().puts < kThreads) std::this_thread::yield();
  // From being counted to being queued it is a few instructions; a thread that is held up between
  // the two makes a commit of its own, so not all of them are demanded to share.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  REQUIRE(write(release[1], "x", 1) == 1);
  for (std::thread& thread : threads) thread.join();
  CHECK(exit_code(holder) == 0);
  CHECK(wrong == 0);
  CHECK((*store)->stats().commits <= kThreads / 2);
  for (const int fd : {held[0], held[1], release[0], release[1]}) close(fd);
}

}  // namespace
}  // namespace quarry::store
