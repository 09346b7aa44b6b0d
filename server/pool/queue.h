// Queue<T>: many writers, many readers, first in first out per writer, without a bound of its own.
//
// moodycamel's lock-free queue. Under ThreadSanitizer a deque with a mutex takes its place: the
// sanitizer does not understand the lock-free queue's fences and reports races that are not, and
// a suppression would hide ours too. The lock-free queue has a stress test of its own.
//
// take() may miss an element that another thread is just pushing, never one whose push happened
// before. Safe from any thread; destruction is not.

#pragma once

#include <cstddef>
#include <utility>

#ifdef QUARRY_TSAN
#include <deque>

#include "server/base/guarded.h"
#else
#include <concurrentqueue.h>
#endif

namespace quarry::pool {

template <class T>
class Queue {
 public:
  // False when there is no memory.
  bool push(T element) {
#ifdef QUARRY_TSAN
    elements_.lock()->push_back(std::move(element));
    return true;
#else
    return elements_.enqueue(std::move(element));
#endif
  }

  // All `count` elements from `first` on, or none and false when there is no memory.
  template <class Iterator>
  bool push_bulk(Iterator first, std::size_t count) {
#ifdef QUARRY_TSAN
    auto elements = elements_.lock();
    for (std::size_t i = 0; i < count; ++i, ++first) elements->push_back(*first);
    return true;
#else
    return elements_.enqueue_bulk(first, count);
#endif
  }

  bool take(T& element) {
#ifdef QUARRY_TSAN
    auto elements = elements_.lock();
    if (elements->empty()) return false;
    element = std::move(elements->front());
    elements->pop_front();
    return true;
#else
    return elements_.try_dequeue(element);
#endif
  }

 private:
#ifdef QUARRY_TSAN
  Guarded<std::deque<T>> elements_;
#else
  moodycamel::ConcurrentQueue<T> elements_;
#endif
};

}  // namespace quarry::pool
