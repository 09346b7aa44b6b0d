// Guarded<T>: a value and its mutex in one object; the value is reached only through the lock.
//
//   Guarded<Table> table_;
//   auto table = table_.lock();   // held until `table` goes out of scope
//   table->insert(...);
//
// Safe from any thread. No lock is held while a tool runs, while writing to another's pipe, or
// while calling a callback.

#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace quarry {

template <class T>
class Guarded {
 public:
  class Lock {
   public:
    T* operator->() const { return value_; }
    T& operator*() const { return *value_; }
    // Gives the lock up while waiting, until `ready()` (called under the lock) is true.
    template <class Ready>
    void wait(std::condition_variable& changed, Ready ready) {
      changed.wait(lock_, std::move(ready));
    }
    // The same, bounded. False when the time passed and `ready()` is still false.
    template <class Duration, class Ready>
    bool wait_for(std::condition_variable& changed, Duration limit, Ready ready) {
      return changed.wait_for(lock_, limit, std::move(ready));
    }
    void unlock() { lock_.unlock(); }
    void relock() { lock_.lock(); }

   private:
    friend class Guarded;
    Lock(std::mutex& mutex, T* value) : lock_(mutex), value_(value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guarded() = default;
  template <class... Args>
  explicit Guarded(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  [[nodiscard]] Lock lock() { return Lock(mutex_, &value_); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace quarry
