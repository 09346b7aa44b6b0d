// HeavyGate: how many heavy jobs may occupy workers at one time.
//
// A heavy job first waits, then is admitted (it has a worker's place but no worker yet), then
// runs, then leaves. Whoever makes an admission possible, by an arrival or by leaving, learns of
// it and wakes a worker: so no admitted job lacks its wake-up and no worker is woken for a job
// that it may not take.
//
// Safe from any thread, after set_capacity().
//
// Invariant: inside <= capacity, and waiting == 0 or inside == capacity, after every call.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace quarry::pool {

class HeavyGate {
 public:
  // Before the first arrival.
  void set_capacity(std::size_t capacity) { capacity_ = capacity; }

  // Both return how many jobs were admitted by the change.
  std::size_t arrive(std::size_t count) { return change(count, 0); }
  std::size_t leave() { return change(0, 1); }

  // Takes one admission, if there is one; the job is then in the queue.
  bool claim() {
    std::size_t admitted = admitted_.load(std::memory_order_relaxed);
    while (admitted > 0) {
      // acquire: pairs with the release in change(); the job was pushed before it arrived here.
      if (admitted_.compare_exchange_weak(admitted, admitted - 1, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

 private:
  std::size_t change(std::size_t arriving, std::size_t leaving) {
    std::uint64_t old_count = waiting_and_inside_.load(std::memory_order_relaxed);
    std::uint64_t new_count = 0;
    std::uint64_t admitted = 0;
    do {
      std::uint64_t waiting = (old_count >> 32U) + arriving;
      std::uint64_t inside = (old_count & 0xFFFFFFFFU) - leaving;
      admitted = std::min<std::uint64_t>(waiting, capacity_ - inside);
      waiting -= admitted;
      inside += admitted;
      new_count = waiting << 32U | inside;
      // acq_rel: pairs with itself in another thread: the one that admits a job has seen the push
      // by the one that let it arrive, and hands that on through admitted_.
    } while (!waiting_and_inside_.compare_exchange_weak(
        old_count, new_count, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (admitted > 0) {
      // release: pairs with the acquire in claim().
      admitted_.fetch_add(admitted, std::memory_order_release);
    }
    return admitted;
  }

  std::uint64_t capacity_ = 1;
  std::atomic<std::uint64_t> waiting_and_inside_{0};  // one word, so that both change at once
  std::atomic<std::size_t> admitted_{0};              // and not yet claimed
};

}  // namespace quarry::pool
