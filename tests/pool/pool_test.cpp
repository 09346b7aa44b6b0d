#include "server/pool/pool.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "server/base/guarded.h"
#include "tests/pool/job.h"

namespace quarry::pool {
namespace {

// Opened once, passed by any number of jobs.
class Gate {
 public:
  void open() {
    *open_.lock() = true;
    changed_.notify_all();
  }
  void pass() {
    auto open = open_.lock();
    open.wait(changed_, [&open] { return *open; });
  }

 private:
  Guarded<bool> open_;
  std::condition_variable changed_;
};

// Counts down to zero; wait() returns there.
class Latch {
 public:
  explicit Latch(int count) : left_(count) { sem_init(&zero_, 0, 0); }
  ~Latch() { sem_destroy(&zero_); }
  void arrive() {
    if (left_.fetch_sub(1) == 1) sem_post(&zero_);
  }
  void wait() {
    while (sem_wait(&zero_) != 0) {
    }
  }

 private:
  std::atomic<int> left_;
  sem_t zero_{};
};

void post_until_accepted(Pool& pool, Lane lane, Job what) {
  while (!pool.post(lane, what)) sched_yield();
}

TEST_CASE("pool is idle when the last job has run to its end, and not before") {
  for (const std::size_t workers : {0U, 1U, 3U}) {
    Pool pool({.workers = workers});
    CHECK(pool.wait_until_idle(std::chrono::milliseconds(0)));
    if (workers == 0) continue;
    for (int round = 0; round < 200; ++round) {
      Gate gate;
      std::atomic<int> ran{0};
      const int jobs = 1 + round % 5;
      auto body = [&] {
        gate.pass();
        ++ran;
      };
      for (int i = 0; i < jobs; ++i) {
        post_until_accepted(pool, i % 2 == 0 ? Lane::kQuick : Lane::kHeavy, job(body));
      }
      CHECK_FALSE(pool.wait_until_idle(std::chrono::milliseconds(round % 2)));
      gate.open();
      CHECK(pool.wait_until_idle(std::chrono::minutes(1)));
      REQUIRE(ran == jobs);
    }
  }
}

TEST_CASE("pool runs each of 100000 jobs exactly once") {
  constexpr std::size_t kJobs = 100'000;
  std::vector<std::atomic<int>> runs(kJobs);
  {
    Pool pool({.workers = 3, .quick_limit = 1000, .heavy_limit = 1000});
    const auto run = [](void* what) { ++*static_cast<std::atomic<int>*>(what); };
    for (std::size_t i = 0; i < kJobs; ++i) {
      post_until_accepted(pool, i % 3 == 0 ? Lane::kHeavy : Lane::kQuick, Job{run, &runs[i]});
    }
  }
  std::size_t wrong = 0;
  for (const auto& count : runs) wrong += count == 1 ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("pool runs what several threads post exactly once") {
  constexpr std::size_t kEach = 5'000;
  std::atomic<std::size_t> runs{0};
  auto count = [&] { ++runs; };
  {
    Pool target({.workers = 2, .quick_limit = 64, .heavy_limit = 64});
    Pool posters({.workers = 4});
    auto post_many = [&] {
      for (std::size_t i = 0; i < kEach; ++i) {
        post_until_accepted(target, i % 2 == 0 ? Lane::kHeavy : Lane::kQuick, job(count));
      }
    };
    for (int i = 0; i < 4; ++i) REQUIRE(posters.post(Lane::kQuick, job(post_many)));
  }
  CHECK(runs == 4 * kEach);
}

TEST_CASE("pool refuses at once what a full lane cannot hold") {
  for (const Lane lane : {Lane::kQuick, Lane::kHeavy}) {
    Gate gate;
    Latch started(1);
    std::atomic<int> runs{0};
    auto blocker = [&] {
      started.arrive();
      gate.pass();
    };
    auto count = [&] { ++runs; };
    {
      Pool pool({.workers = 1, .quick_limit = 3, .heavy_limit = 3});
      REQUIRE(pool.post(lane, job(blocker)));
      started.wait();
      for (int i = 0; i < 3; ++i) CHECK(pool.post(lane, job(count)));
      CHECK_FALSE(pool.post(lane, job(count)));
      const LaneStats full = pool.stats(lane);
      CHECK(full.depth == 3);
      CHECK(full.limit == 3);
      CHECK(full.accepted == 4);
      CHECK(full.refused == 1);
      gate.open();
    }
    CHECK(runs == 3);
  }
}

TEST_CASE("pool accepts the prefix of a bulk that fits") {
  Gate gate;
  Latch started(1);
  std::vector<int> order;
  auto blocker = [&] {
    started.arrive();
    gate.pass();
  };
  struct Note {
    std::vector<int>* order;
    int number;
  };
  std::vector<Note> notes;
  for (int i = 0; i < 10; ++i) notes.push_back({&order, i});
  std::vector<Job> jobs;
  for (Note& note : notes) {
    jobs.push_back(Job{[](void* what) {
                         const auto* own = static_cast<Note*>(what);
                         own->order->push_back(own->number);
                       },
                       &note});
  }
  {
    Pool pool({.workers = 1, .quick_limit = 7, .heavy_limit = 1});
    REQUIRE(pool.post(Lane::kQuick, job(blocker)));
    started.wait();
    CHECK(pool.post_bulk(Lane::kQuick, jobs.data(), 0) == 0);
    CHECK(pool.post_bulk(Lane::kQuick, jobs.data(), jobs.size()) == 7);
    CHECK(pool.stats(Lane::kQuick).refused == 3);
    gate.open();
  }
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("pool wakes every worker for a bulk") {
  // Four jobs that each wait for the other three: they end only when all four run at once.
  Latch ended(4);
  Guarded<int> inside;
  std::condition_variable changed;
  auto meet = [&] {
    {
      auto count = inside.lock();
      ++*count;
      changed.notify_all();
      count.wait(changed, [&] { return *count == 4; });
    }
    ended.arrive();
  };
  Pool pool({.workers = 4});
  const std::vector<Job> jobs(4, job(meet));
  REQUIRE(pool.post_bulk(Lane::kQuick, jobs.data(), 4) == 4);
  ended.wait();
  CHECK(*inside.lock() == 4);
}

TEST_CASE("pool heavy jobs leave one worker for quick jobs") {
  for (const std::size_t workers : {2U, 3U, 4U}) {
    Gate gate;
    Latch quick_done(20);
    std::atomic<std::size_t> inside{0};
    std::atomic<std::size_t> most{0};
    std::atomic<int> heavy_runs{0};
    Latch busy(static_cast<int>(workers) - 1);
    auto heavy = [&] {
      const std::size_t now = ++inside;
      std::size_t seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      busy.arrive();
      gate.pass();
      --inside;
      ++heavy_runs;
    };
    auto quick = [&] { quick_done.arrive(); };
    {
      Pool pool({.workers = workers});
      for (int i = 0; i < 50; ++i) REQUIRE(pool.post(Lane::kHeavy, job(heavy)));
      busy.wait();
      for (int i = 0; i < 20; ++i) REQUIRE(pool.post(Lane::kQuick, job(quick)));
      quick_done.wait();  // for ever, if heavy jobs held every worker
      CHECK(heavy_runs == 0);
      gate.open();
    }
    CHECK(most == workers - 1);
    CHECK(heavy_runs == 50);
  }
}

TEST_CASE("pool takes quick jobs first") {
  Gate gate;
  Latch started(1);
  std::string order;
  auto blocker = [&] {
    started.arrive();
    gate.pass();
  };
  auto heavy = [&] { order += 'h'; };
  auto quick = [&] { order += 'q'; };
  {
    Pool pool({.workers = 1});
    REQUIRE(pool.post(Lane::kQuick, job(blocker)));
    started.wait();
    for (int i = 0; i < 3; ++i) REQUIRE(pool.post(Lane::kHeavy, job(heavy)));
    for (int i = 0; i < 3; ++i) REQUIRE(pool.post(Lane::kQuick, job(quick)));
    gate.open();
  }
  CHECK(order == "qqqhhh");
}

TEST_CASE("pool runs what is queued before it is gone") {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    std::atomic<int> runs{0};
    auto count = [&] { ++runs; };
    const std::vector<Job> jobs(2'000, job(count));
    {
      Pool pool({.workers = workers});
      REQUIRE(pool.post_bulk(Lane::kHeavy, jobs.data(), jobs.size()) == jobs.size());
      REQUIRE(pool.post_bulk(Lane::kQuick, jobs.data(), jobs.size()) == jobs.size());
    }
    CHECK(runs == 4'000);
  }
}

TEST_CASE("pool jobs that post while the pool ends are run or refused, never lost") {
  std::atomic<int> accepted{0};
  std::atomic<int> runs{0};
  struct Chain {
    Pool* pool;
    std::atomic<int>* accepted;
    std::atomic<int>* runs;
    static void run(void* what) {
      auto* self = static_cast<Chain*>(what);
      ++*self->runs;
      if (self->pool->post(Lane::kHeavy, Job{&Chain::run, self})) ++*self->accepted;
    }
  };
  Chain chain{nullptr, &accepted, &runs};
  {
    Pool pool({.workers = 2});
    chain.pool = &pool;
    for (int i = 0; i < 5; ++i) {
      if (pool.post(Lane::kHeavy, Job{&Chain::run, &chain})) ++accepted;
    }
  }
  CHECK(runs == accepted);
  CHECK(runs >= 5);
}

TEST_CASE("pool starts and stops without work") {
  for (int i = 0; i < 200; ++i) {
    Pool pool({.workers = 4});
    CHECK(pool.workers() == 4);
  }
}

TEST_CASE("pool without workers refuses jobs and runs fork_join on the caller") {
  Pool pool({.workers = 0});
  CHECK(pool.workers() == 0);
  int runs = 0;
  auto count = [&] { ++runs; };
  const std::vector<Job> jobs(3, job(count));
  CHECK_FALSE(pool.post(Lane::kQuick, jobs[0]));
  CHECK(pool.post_bulk(Lane::kHeavy, jobs.data(), jobs.size()) == 0);
  CHECK(pool.stats(Lane::kHeavy).refused == 3);
  CHECK(runs == 0);
  std::vector<std::size_t> seen;
  const pthread_t caller = pthread_self();
  pool.fork_join(4, [&](std::size_t i) {
    seen.push_back(i);
    CHECK(pthread_equal(caller, pthread_self()) != 0);
  });
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("pool measures how long jobs waited") {
  Gate gate;
  Latch started(1);
  auto blocker = [&] {
    started.arrive();
    gate.pass();
  };
  auto nothing = [] {};
  Latch ended(1);
  auto end = [&] { ended.arrive(); };
  Pool pool({.workers = 1});
  REQUIRE(pool.post(Lane::kQuick, job(blocker)));
  started.wait();
  const LaneStats before = pool.stats(Lane::kQuick);
  REQUIRE(pool.post(Lane::kQuick, job(nothing)));
  REQUIRE(pool.post(Lane::kQuick, job(end)));
  gate.open();
  ended.wait();
  const LaneStats after = pool.stats(Lane::kQuick);
  CHECK(after.depth == 0);
  CHECK(after.wait_ns_total > before.wait_ns_total);
  CHECK(after.wait_ns_max > 0);
  CHECK(after.wait_ns_max <= after.wait_ns_total);
}

TEST_CASE("pool workers are named and leave signals to the main thread") {
  char name[16] = {};
  sigset_t mask;
  sigemptyset(&mask);
  Latch ended(1);
  auto look = [&] {
    pthread_getname_np(pthread_self(), name, sizeof name);
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    ended.arrive();
  };
  Pool pool({.workers = 1});
  REQUIRE(pool.post(Lane::kQuick, job(look)));
  ended.wait();
  CHECK(std::string(name) == "quarry-work-0");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1}) {
    CHECK(sigismember(&mask, signal) == 1);
  }
  CHECK(sigismember(&mask, SIGSEGV) == 0);
  sigset_t own;
  pthread_sigmask(SIG_BLOCK, nullptr, &own);
  CHECK(sigismember(&own, SIGTERM) == 0);
}

}  // namespace
}  // namespace quarry::pool
