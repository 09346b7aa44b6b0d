#include <atomic>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/pool/pool.h"
#include "tests/pool/job.h"

namespace quarry::pool {
namespace {

TEST_CASE("fork_join runs each index exactly once and shows the results to the caller") {
  for (const std::size_t workers : {0U, 1U, 2U, 4U}) {
    Pool pool({.workers = workers});
    for (const std::size_t count : {0U, 1U, 2U, 3U, 1000U}) {
      std::vector<int> runs(count);  // plain: the join is what makes reading them safe
      pool.fork_join(count, [&](std::size_t i) { ++runs[i]; });
      CHECK(runs == std::vector<int>(count, 1));
    }
  }
}

TEST_CASE("fork_join survives many short rounds with late helpers") {
  Pool pool({.workers = 3});
  std::size_t sum = 0;
  for (int round = 0; round < 3'000; ++round) {
    // The body lives on this stack frame only: a late helper that touched it would be caught.
    std::vector<std::size_t> results(4);
    const std::function<void(std::size_t)> body = [&results](std::size_t i) { results[i] = i + 1; };
    pool.fork_join(results.size(), body);
    sum += std::accumulate(results.begin(), results.end(), std::size_t{0});
  }
  CHECK(sum == 3'000U * 10U);
}

TEST_CASE("fork_join uses idle workers") {
  // Each body waits for the other one: they end only when two threads run them.
  Pool pool({.workers = 1});
  Guarded<int> inside;
  std::condition_variable changed;
  pool.fork_join(2, [&](std::size_t) {
    auto count = inside.lock();
    ++*count;
    changed.notify_all();
    count.wait(changed, [&] { return *count == 2; });
  });
  CHECK(*inside.lock() == 2);
}

TEST_CASE("fork_join in a heavy job uses the worker that is free") {
  Pool pool({.workers = 2});
  Guarded<int> inside;
  std::condition_variable changed;
  sem_t ended;
  sem_init(&ended, 0, 0);
  auto heavy = [&] {
    pool.fork_join(2, [&](std::size_t) {
      auto count = inside.lock();
      ++*count;
      changed.notify_all();
      count.wait(changed, [&] { return *count == 2; });
    });
    sem_post(&ended);
  };
  REQUIRE(pool.post(Lane::kHeavy, job(heavy)));
  sem_wait(&ended);
  CHECK(*inside.lock() == 2);
  sem_destroy(&ended);
}

TEST_CASE("fork_join helpers make room for quick jobs after each body") {
  // Two workers: one runs the heavy job, the other its helper, which posts a quick job from its
  // first body. The bodies go on until that has run, so it runs only when the helper lets it in.
  Pool pool({.workers = 2});
  std::atomic<bool> quick_ran{false};
  std::atomic<bool> accepted{false};
  constexpr std::size_t kBodies = 5'000'000;
  std::atomic<std::size_t> bodies{0};
  sem_t ended;
  sem_init(&ended, 0, 0);
  auto quick = [&] { quick_ran = true; };
  SystemClock clock;
  CancelToken stop(clock);
  auto heavy = [&] {
    const pthread_t caller = pthread_self();
    pool.fork_join(
        kBodies,
        [&](std::size_t) {
          const bool helper = pthread_equal(caller, pthread_self()) == 0;
          if (helper && !accepted) accepted = pool.post(Lane::kQuick, job(quick));
          if (quick_ran) stop.cancel();
          ++bodies;
          sched_yield();
        },
        &stop);
    sem_post(&ended);
  };
  REQUIRE(pool.post(Lane::kHeavy, job(heavy)));
  sem_wait(&ended);
  CHECK(accepted);
  CHECK(bodies < kBodies);
  sem_destroy(&ended);
}

TEST_CASE("fork_join nested on a full pool does not deadlock") {
  constexpr std::size_t kJobs = 64;
  constexpr std::size_t kOuter = 5;
  constexpr std::size_t kInner = 7;
  for (const std::size_t workers : {1U, 2U, 4U}) {
    std::atomic<std::size_t> runs{0};
    {
      Pool pool({.workers = workers, .quick_limit = kJobs, .heavy_limit = kJobs});
      auto nest = [&] {
        pool.fork_join(kOuter, [&](std::size_t) {
          pool.fork_join(kInner,
                         [&](std::size_t) { pool.fork_join(2, [&](std::size_t) { ++runs; }); });
        });
      };
      const std::vector<Job> jobs(kJobs, job(nest));
      CHECK(pool.post_bulk(Lane::kHeavy, jobs.data(), kJobs) == kJobs);
      CHECK(pool.post_bulk(Lane::kQuick, jobs.data(), kJobs) == kJobs);
      nest();
    }
    CHECK(runs == (2 * kJobs + 1) * kOuter * kInner * 2);
  }
}

TEST_CASE("fork_join skips what has not begun when it is cancelled") {
  SystemClock clock;
  for (const std::size_t workers : {0U, 1U, 3U}) {
    Pool pool({.workers = workers});
    CancelToken cancel(clock);
    std::atomic<std::size_t> runs{0};
    pool.fork_join(
        100'000,
        [&](std::size_t) {
          if (++runs == 100) cancel.cancel();
        },
        &cancel);
    CHECK(runs >= 100);
    CHECK(runs <= 100 + workers);  // at most one body more on each worker
    const std::size_t before = runs;
    pool.fork_join(
        1000, [&](std::size_t) { ++runs; }, &cancel);
    CHECK(runs == before);
  }
}

TEST_CASE("fork_join throws what a body threw, when no body runs any more") {
  for (const std::size_t workers : {0U, 1U, 3U}) {
    Pool pool({.workers = workers});
    for (int round = 0; round < 200; ++round) {
      std::atomic<int> running{0};
      std::atomic<int> begun{0};
      const auto body = [&](std::size_t i) {
        ++begun;
        ++running;
        sched_yield();
        --running;
        if (i % 100 == 20) throw std::runtime_error("body " + std::to_string(i));
      };
      std::string thrown;
      try {
        pool.fork_join(100'000, body);
      } catch (const std::runtime_error& error) {
        thrown = error.what();
      }
      CHECK(running == 0);
      CHECK(begun < 100'000);
      CHECK(thrown.starts_with("body "));
    }
    // In a body of another, and with the pool as good as new.
    CHECK_THROWS_AS(pool.fork_join(4,
                                   [&](std::size_t) {
                                     pool.fork_join(4, [](std::size_t) { throw std::bad_alloc(); });
                                   }),
                    std::bad_alloc);
    std::atomic<int> runs{0};
    pool.fork_join(1000, [&](std::size_t) { ++runs; });
    CHECK(runs == 1000);
  }
}

}  // namespace
}  // namespace quarry::pool
