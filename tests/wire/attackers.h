// Attackers: threads that rename, replace and write without pause while the tools run.

#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "tests/wire/mounts.h"
#include "tests/wire/siege.h"

namespace quarry::wire {

inline constexpr int kRounds = 20;  // of calls, for each number of attackers

// Runs `attack` in threads until it goes.
class AttackThreads {
 public:
  AttackThreads(int count, const std::function<void()>& attack) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, attack] {
        while (!stop_.load()) {
          attack();
          usleep(20);  // so that the server comes to something on few processors
        }
      });
    }
  }
  ~AttackThreads() {
    stop_.store(true);
    for (std::thread& thread : threads_) thread.join();
  }
  AttackThreads(const AttackThreads&) = delete;
  AttackThreads& operator=(const AttackThreads&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

inline void exchange(const std::string& one, const std::string& two) {
  renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), RENAME_EXCHANGE);
}

// In memory, with 1, 4 and 8 attackers, on each kernel.
inline void on_each_kernel_with_attackers(
    const std::function<void(Report&, const Kernel&, int attackers)>& body) {
  on_each_kernel([&](Report& report, const Kernel& kernel) {
    const InMemory memory;
    for (const int attackers : {1, 4, 8}) body(report, kernel, attackers);
  });
}

struct Asked {
  const char* tool;
  Json arguments;
};

}  // namespace quarry::wire
