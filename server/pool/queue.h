// Queue<T>: many writers, many readers, first in first out per writer, without a bound of its own.
//
// moodycamel's lock-free queue. Under ThreadSanitizer a deque with a mutex takes its place: the
// sanitizer does not understand the lock-free queue's fences and reports races that are not, and
// a suppression would hide ours too. The lock-free queue has a stress test of its own.
//
// FairQueue<T>: the same with a lock, first in first out over all writers.
//
// take() may miss an element that another thread is just pushing, never one whose push happened
// before. Safe from any thread; destruction is not.

#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "server/base/guarded.h"

#ifndef QUARRY_TSAN
#include <concurrentqueue.h>
#endif

namespace quarry::pool {

// The same with a lock: first in first out over all writers, which the lock-free queue is not. A
// reader of that one stays with one writer for hundreds of elements, so a worker that posts the
// next piece of what it has just done would be served before everybody else.
template <class T>
class FairQueue {
 public:
  bool push(T element) {
    elements_.lock()->push_back(std::move(element));
    return true;
  }

  template <class Iterator>
  bool push_bulk(Iterator first, std::size_t count) {
    auto elements = elements_.lock();
    for (std::size_t i = 0; i < count; ++i, ++first) elements->push_back(*first);
    return true;
  }

  bool take(T& element) {
    auto elements = elements_.lock();
    if (elements->empty()) return false;
    element = std::move(elements->front());
    elements->pop_front();
    return true;
  }

 private:
  Guarded<std::deque<T>> elements_;
};

#ifdef QUARRY_TSAN
template <class T>
using Queue = FairQueue<T>;
#else
template <class T>
class Queue {
 public:
  // False when there is no memory.
  bool push(T element) { return elements_.enqueue(std::move(element)); }

  // All `count` elements from `first` on, or none and false when there is no memory.
  template <class Iterator>
  bool push_bulk(Iterator first, std::size_t count) {
    return elements_.enqueue_bulk(first, count);
  }

  bool take(T& element) { return elements_.try_dequeue(element); }

 private:
  moodycamel::ConcurrentQueue<T> elements_;
};
#endif

}  // namespace quarry::pool
