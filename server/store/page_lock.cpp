#include "server/store/page_lock.h"

#include <algorithm>
#include <ctime>

#include <sys/random.h>

namespace quarry::store {
namespace {

// A process may get the number of one that died: the random part tells its word from one's own.
std::uint64_t token(std::uint32_t process) {
  std::uint32_t random = 0;
  (void)getrandom(&random, sizeof random, 0);
  return std::uint64_t{random} << 32U | process;
}

}  // namespace

PageLock::PageLock(std::atomic<std::uint64_t>& word, StateDirectory& directory)
    : word_(word), directory_(directory), own_(token(directory.process_byte())) {
  // One that died while it held the lock and had this process's number before it: others would take
  // it for alive as long as this process is.
  std::uint64_t holder = word_.load(std::memory_order_relaxed);
  if (static_cast<std::uint32_t>(holder) == directory.process_byte()) {
    word_.compare_exchange_strong(holder, 0, std::memory_order_relaxed);
  }
}

bool PageLock::lock(std::chrono::milliseconds patience) {
  std::uint64_t holder = 0;
  if (word_.compare_exchange_strong(holder, own_, std::memory_order_acquire)) return true;
  return wait(holder, patience);
}

bool PageLock::wait(std::uint64_t holder, std::chrono::milliseconds patience) {
  directory_.count_wait();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (long pause_ns = 50'000;; pause_ns = std::min(pause_ns * 2, 2'000'000L)) {
    const bool free = holder == 0 || !directory_.lives(static_cast<std::uint32_t>(holder));
    if (free && word_.compare_exchange_strong(holder, own_, std::memory_order_acquire)) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    const timespec pause{0, pause_ns};
    nanosleep(&pause, nullptr);
    holder = word_.load(std::memory_order_relaxed);
  }
}

}  // namespace quarry::store
