// What it costs to hand work to the pool: see server/pool/pool.h.

#include <atomic>
#include <cstdlib>
#include <vector>

#include <benchmark/benchmark.h>
#include <sched.h>

#include "server/base/clock.h"
#include "server/pool/pool.h"

namespace {

using quarry::pool::Job;
using quarry::pool::Lane;
using quarry::pool::Pool;

struct Arrival {
  std::atomic<std::int64_t> at_ns{0};
  std::atomic<std::size_t> runs{0};
};

void arrive(void* what) {
  auto* arrival = static_cast<Arrival*>(what);
  arrival->at_ns.store(quarry::SystemClock().steady_ns());
  arrival->runs.fetch_add(1);
}

void await(const Arrival& arrival, std::size_t runs) {
  while (arrival.runs.load() < runs) sched_yield();
}

void demand(bool right) {
  if (!right) std::abort();
}

// From before post() to the first line of the job, with a worker that sleeps: one way.
void post_to_run(benchmark::State& state) {
  Pool pool({.workers = 1});
  Arrival arrival;
  const auto lane = static_cast<Lane>(state.range(0));
  demand(pool.post(lane, Job{arrive, &arrival}));
  await(arrival, 1);
  std::size_t posted = 1;
  for (auto unused : state) {
    const std::int64_t begun = quarry::SystemClock().steady_ns();
    demand(pool.post(lane, Job{arrive, &arrival}));
    await(arrival, ++posted);
    state.SetIterationTime(static_cast<double>(arrival.at_ns.load() - begun) * 1e-9);
  }
  demand(arrival.runs.load() == posted);
}
BENCHMARK(post_to_run)->Arg(0)->Arg(1)->UseManualTime();

// What the poster itself pays for a sleeping worker's wake-up.
void post_alone(benchmark::State& state) {
  Pool pool({.workers = 1});
  Arrival arrival;
  std::size_t posted = 0;
  for (auto unused : state) {
    const std::int64_t begun = quarry::SystemClock().steady_ns();
    demand(pool.post(Lane::kQuick, Job{arrive, &arrival}));
    state.SetIterationTime(static_cast<double>(quarry::SystemClock().steady_ns() - begun) * 1e-9);
    await(arrival, ++posted);
  }
  demand(arrival.runs.load() == posted);
}
BENCHMARK(post_alone)->UseManualTime();

// Many jobs with one hand-over, until all have run; the figure of one job is in items/s.
void post_bulk(benchmark::State& state) {
  Pool pool({.workers = 2});
  Arrival arrival;
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<Job> jobs(count, Job{arrive, &arrival});
  std::size_t posted = 0;
  for (auto unused : state) {
    demand(pool.post_bulk(Lane::kQuick, jobs.data(), count) == count);
    posted += count;
    await(arrival, posted);
  }
  demand(arrival.runs.load() == posted);
  state.SetItemsProcessed(static_cast<std::int64_t>(posted));
}
BENCHMARK(post_bulk)->Arg(64)->Arg(1024)->UseRealTime();

// A fork_join of short bodies against the same bodies in a loop.
void fork_join(benchmark::State& state) {
  Pool pool({.workers = static_cast<std::size_t>(state.range(0))});
  std::vector<std::uint64_t> sums(64);
  for (auto unused : state) {
    pool.fork_join(sums.size(), [&](std::size_t i) {
      std::uint64_t sum = 0;
      for (std::uint64_t n = 0; n < 20'000; ++n) benchmark::DoNotOptimize(sum += n ^ i);
      sums[i] = sum;
    });
  }
  std::uint64_t want = 0;
  for (std::uint64_t n = 0; n < 20'000; ++n) want += n ^ 63U;
  demand(sums[63] == want);
}
BENCHMARK(fork_join)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
