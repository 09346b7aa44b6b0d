#include "server/pool/fork_join.h"

namespace quarry::pool {

bool ForkJoin::run_one() {
  // relaxed: the counter hands out each index once and orders nothing; what the bodies read was
  // published with the helper's own posting.
  const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
  if (index >= count_) return false;
  if (cancel_ != nullptr && cancel_->stopped()) {
    const std::size_t taken = next_.exchange(count_, std::memory_order_relaxed);
    account(1 + (taken < count_ ? count_ - taken : 0));
    return false;
  }
  body_(index);
  account(1);
  return true;
}

void ForkJoin::account(std::size_t indexes) {
  // release: pairs with the acquire in join(), so that the caller sees what the bodies wrote.
  // acquire: the last one hands on what the earlier ones released.
  if (done_.fetch_add(indexes, std::memory_order_acq_rel) + indexes == count_) all_done_.signal();
}

void ForkJoin::join() {
  // acquire: pairs with the release in account().
  if (done_.load(std::memory_order_acquire) == count_) return;
  all_done_.wait();
}

}  // namespace quarry::pool
