#include "server/pool/pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include <sched.h>

#include "server/base/log.h"
#include "server/pool/fork_join.h"
#include "server/pool/heavy_gate.h"
#include "server/pool/lane_queue.h"
#include "server/pool/queue.h"
#include "server/pool/semaphore.h"
#include "server/pool/thread.h"

namespace quarry::pool {

// Every wake-up stands for one thing that a worker may take at once: a quick job, a helper of a
// fork_join, or an admitted heavy job; at the end also for one worker's leave. Who holds a wake-up
// takes exactly one of them. So none is lost and none is left over to spin on.
struct Pool::State {
  explicit State(const Options& options)
      : quick(options.quick_limit, /*fair=*/false),
        heavy(std::min<std::size_t>(options.heavy_limit, 0xFFFFFFFFU), /*fair=*/true) {}

  LaneQueue& lane(Lane which) { return which == Lane::kQuick ? quick : heavy; }

  std::size_t post(Lane which, const Job* jobs, std::size_t count);
  void finish(std::size_t count);
  bool post_helper(const std::shared_ptr<ForkJoin>& fork);
  void work();
  bool run_one();
  bool start();
  void start_threads();
  bool wait_until_idle(std::chrono::milliseconds limit);
  void stop();

  LaneQueue quick;
  LaneQueue heavy;
  // Owned by the caller of fork_join and by each helper that is queued or runs; the last frees.
  Queue<std::shared_ptr<ForkJoin>> helpers;
  HeavyGate gate;
  Semaphore wakeups;
  std::mutex draining;  // guards nothing: who waits for `drained` misses no notice
  std::condition_variable drained;

  // Jobs accepted and not yet run to their end, and whether somebody waits until there are none.
  // Both are sequentially consistent and pair with each other: finish() lowers one and then reads
  // the other, who waits sets the other and then reads the one, so at least one of the two sees
  // that the pool is drained.
  std::atomic<std::size_t> unfinished{0};
  std::atomic<bool> awaited{false};
  std::atomic<bool> stopping{false};

  // Threads are made when there is something to do: a server that is only asked whether it is
  // there starts none.
  std::once_flag started;
  std::size_t wanted = 0;
  std::atomic<std::size_t> workers{0};  // `wanted`, until the system gave fewer
  std::vector<std::unique_ptr<Thread>> threads;
};

std::size_t Pool::State::post(Lane which, const Job* jobs, std::size_t count) {
  if (!start()) {
    lane(which).refuse(count);
    return 0;
  }
  unfinished.fetch_add(count);
  std::size_t accepted = 0;
  if (stopping.load()) {
    lane(which).refuse(count);
  } else {
    accepted = lane(which).push(jobs, count);
    wakeups.signal(which == Lane::kQuick ? accepted : gate.arrive(accepted));
  }
  if (accepted < count) finish(count - accepted);
  return accepted;
}

void Pool::State::finish(std::size_t count) {
  if (unfinished.fetch_sub(count) != count || !awaited.load()) return;
  const std::lock_guard lock(draining);
  drained.notify_all();
}

bool Pool::State::post_helper(const std::shared_ptr<ForkJoin>& fork) {
  if (!helpers.push(fork)) return false;
  wakeups.signal(1);
  return true;
}

// REQUIRES: the caller holds a wake-up. False when what it stands for was not seen yet.
bool Pool::State::run_one() {
  Job job{};
  if (quick.take(job)) {
    job.run(job.what);
    finish(1);
    return true;
  }
  std::shared_ptr<ForkJoin> fork;
  if (helpers.take(fork)) {
    // A helper may sit on the worker that is kept free for quick jobs: it makes room for them.
    if (!fork->help([this] { return !quick.empty(); })) post_helper(fork);
    return true;
  }
  if (gate.claim()) {
    while (!heavy.take(job)) sched_yield();
    job.run(job.what);
    wakeups.signal(gate.leave());
    finish(1);
    return true;
  }
  return false;
}

void Pool::State::work() {
  for (;;) {
    wakeups.wait();
    while (!run_one()) {
      if (stopping.load() && unfinished.load() == 0) return;
      sched_yield();  // another worker is between two of the looks in run_one()
    }
  }
}

// Starts the threads, once. False when there are none.
bool Pool::State::start() {
  if (wanted == 0) return false;
  std::call_once(started, [this] { start_threads(); });
  return workers.load() > 0;
}

void Pool::State::start_threads() {
  for (std::size_t i = 0; i < wanted; ++i) {
    auto thread = std::make_unique<Thread>(fmt::format("quarry-work-{}", i), [this] { work(); });
    if (!thread->start()) {
      log::warning("the system gives {} of {} worker threads; going on with them", i, wanted);
      break;
    }
    threads.push_back(std::move(thread));
  }
  gate.set_capacity(threads.size() > 1 ? threads.size() - 1 : 1);
  workers.store(threads.size());
}

bool Pool::State::wait_until_idle(std::chrono::milliseconds limit) {
  awaited.store(true);
  std::unique_lock lock(draining);
  const auto end = std::chrono::steady_clock::now() + limit;
  const bool idle = drained.wait_until(lock, end, [this] { return unfinished.load() == 0; });
  awaited.store(false);
  return idle;
}

void Pool::State::stop() {
  stopping.store(true);
  awaited.store(true);
  {
    std::unique_lock lock(draining);
    drained.wait(lock, [this] { return unfinished.load() == 0; });
  }
  wakeups.signal(threads.size());
  threads.clear();  // joins
}

Pool::Pool(const Options& options) : state_(std::make_unique<State>(options)) {
  state_->wanted = options.workers;
  state_->workers.store(options.workers);
}

Pool::~Pool() {
  state_->stop();
}

std::size_t Pool::workers() const {
  return state_->workers.load();
}

bool Pool::post(Lane lane, Job job) {
  return state_->post(lane, &job, 1) == 1;
}

std::size_t Pool::post_bulk(Lane lane, const Job* jobs, std::size_t count) {
  return count == 0 ? 0 : state_->post(lane, jobs, count);
}

void Pool::fork_join(std::size_t count, const std::function<void(std::size_t)>& body,
                     const CancelToken* cancel) {
  if (count == 0) return;
  const std::size_t helpers = state_->start() ? std::min(workers(), count - 1) : 0;
  if (helpers == 0) {
    for (std::size_t i = 0; i < count && (cancel == nullptr || !cancel->stopped()); ++i) body(i);
    return;
  }
  const auto fork = std::make_shared<ForkJoin>(count, body, cancel);
  for (std::size_t i = 0; i < helpers && state_->post_helper(fork); ++i) {
  }
  fork->help([] { return false; });
  fork->join();
}

bool Pool::wait_until_idle(std::chrono::milliseconds limit) {
  return state_->wait_until_idle(limit);
}

LaneStats Pool::stats(Lane lane) const {
  return state_->lane(lane).stats();
}

}  // namespace quarry::pool
