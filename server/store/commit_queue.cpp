#include "server/store/commit_queue.h"

#include <algorithm>
#include <vector>

namespace quarry::store {

Result<void> CommitQueue::apply(PendingChange& change) {
  auto queue = queue_.lock();
  queue->waiting.push_back(&change);
  queue.wait(changed_, [&] { return change.done || !queue->led; });
  if (change.done) return change.outcome;

  queue->led = true;
  std::vector<PendingChange*> batch;
  while (!change.done) {  // more than one round only when more than kMostChanges wait before it
    const std::size_t count = std::min(queue->waiting.size(), kMostChanges);
    const auto end = queue->waiting.begin() + static_cast<std::ptrdiff_t>(count);
    batch.assign(queue->waiting.begin(), end);
    queue->waiting.erase(queue->waiting.begin(), end);
    queue.unlock();
    commit_(batch);
    queue.relock();
    for (PendingChange* committed : batch) committed->done = true;
    changed_.notify_all();
  }
  queue->led = false;
  changed_.notify_all();
  return change.outcome;
}

}  // namespace quarry::store
