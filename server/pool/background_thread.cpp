#include "server/pool/background_thread.h"

#include "server/base/log.h"

namespace quarry::pool {

BackgroundThread::BackgroundThread(std::string name)
    : thread_(std::move(name), [this] { run(); }) {}

BackgroundThread::~BackgroundThread() {
  {
    auto state = state_.lock();
    state->stopping = true;
  }
  changed_.notify_one();
  thread_.join();
}

void BackgroundThread::after(std::chrono::milliseconds delay, std::function<void()> work) {
  const Time due = std::chrono::steady_clock::now() + delay;
  auto state = state_.lock();
  if (state->stopping || state->absent) return;
  if (!state->started) {
    // Under the lock: a second caller must not start another.
    state->started = thread_.start();
    state->absent = !state->started;
    if (state->absent) {
      log::warning("the system gives no thread for background work; it is left undone");
      return;
    }
  }
  const bool first = state->works.empty() || due < state->works.begin()->first;
  state->works.emplace(due, std::move(work));
  state.unlock();
  if (first) changed_.notify_one();
}

void BackgroundThread::run() {
  auto state = state_.lock();
  while (!state->stopping) {
    if (state->works.empty()) {
      state.wait(changed_, [&] { return state->stopping || !state->works.empty(); });
      continue;
    }
    const Time due = state->works.begin()->first;
    const Time now = std::chrono::steady_clock::now();
    if (now < due) {
      state.wait_for(changed_, due - now, [&] {
        return state->stopping || (!state->works.empty() && state->works.begin()->first < due);
      });
      continue;
    }
    const std::function<void()> work = std::move(state->works.begin()->second);
    state->works.erase(state->works.begin());
    state.unlock();
    work();
    state.relock();
  }
}

}  // namespace quarry::pool
