#include "server/pool/fork_join.h"

#include <utility>

namespace quarry::pool {

bool ForkJoin::run_one() {
  // relaxed: the counter hands out each index once and orders nothing; what the bodies read was
  // published with the helper's own posting.
  const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
  if (index >= count_) return false;
  if (skipping()) {
    const std::size_t taken = next_.exchange(count_, std::memory_order_relaxed);
    account(1 + (taken < count_ ? count_ - taken : 0));
    return false;
  }
  // Out of here it would end a helper's thread, and the server; out of the caller's own body, all
  // that the others still use.
  try {
    body_(index);
  } catch (const std::exception&) {
    fail();
  }
  account(1);
  return true;
}

bool ForkJoin::skipping() const {
  // relaxed: what the failed body left is read in join() alone.
  return failed_.load(std::memory_order_relaxed) || (cancel_ != nullptr && cancel_->stopped());
}

void ForkJoin::fail() {
  if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
}

void ForkJoin::account(std::size_t indexes) {
  // release: pairs with the acquire in join(), so that the caller sees what the bodies wrote.
  // acquire: the last one hands on what the earlier ones released.
  if (done_.fetch_add(indexes, std::memory_order_acq_rel) + indexes == count_) all_done_.signal();
}

void ForkJoin::join() {
  // acquire: pairs with the release in account().
  if (done_.load(std::memory_order_acquire) != count_) all_done_.wait();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

}  // namespace quarry::pool
