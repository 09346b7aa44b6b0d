// BackgroundThread: Background on one thread of its own.
//
// The thread starts with the first work, so that a server which needs none has none. Works run
// one at a time, in the order of their time, and in the order of the calls where that is equal.
// Where the system gives no thread, works are dropped and a warning says so.
//
// Destruction waits for a work that runs and drops the others: whatever the works touch must
// outlive this.
//
// Safe from any thread, also from inside a work.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <string>

#include "server/base/background.h"
#include "server/base/guarded.h"
#include "server/pool/thread.h"

namespace quarry::pool {

class BackgroundThread final : public Background {
 public:
  // `name`: at most 15 bytes are shown by the system.
  explicit BackgroundThread(std::string name);
  ~BackgroundThread() override;

  void after(std::chrono::milliseconds delay, std::function<void()> work) override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct State {
    std::multimap<Time, std::function<void()>> works;  // equal times in the order of insertion
    bool started = false;
    bool absent = false;  // no thread could be had
    bool stopping = false;
  };
  void run();

  Guarded<State> state_;
  std::condition_variable changed_;
  Thread thread_;
};

}  // namespace quarry::pool
