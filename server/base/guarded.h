// Guarded<T>: a value and its mutex in one object; the value is reached only through the lock.
//
//   Guarded<Table> table_;
//   auto table = table_.lock();   // held until `table` goes out of scope
//   table->insert(...);
//
// Safe from any thread. No lock is held while a tool runs, while writing to another's pipe, or
// while calling a callback.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace quarry {

template <class T>
class Guarded {
 public:
  class [[nodiscard]] Lock {
   public:
    ~Lock() {
      if (held_) owner_.mutex_.unlock();
    }
    Lock(Lock&& other) noexcept : owner_(other.owner_), held_(std::exchange(other.held_, false)) {}
    Lock& operator=(Lock&&) = delete;

    T* operator->() const { return &owner_.value_; }
    T& operator*() const { return owner_.value_; }
    // Gives the lock up while waiting, until `ready()` (called under the lock) is true.
    template <class Ready>
    void wait(std::condition_variable& changed, Ready ready) {
      while (!ready()) {
        std::unique_lock<std::mutex> lock(owner_.mutex_, std::adopt_lock);
        changed.wait(lock);
        lock.release();
      }
    }
    // The same, bounded. False when the time passed and `ready()` is still false.
    template <class Duration, class Ready>
    bool wait_for(std::condition_variable& changed, Duration limit, Ready ready) {
      const auto until = std::chrono::steady_clock::now() + limit;
      bool in_time = true;
      while (in_time && !ready()) {
        std::unique_lock<std::mutex> lock(owner_.mutex_, std::adopt_lock);
        in_time = changed.wait_until(lock, until) == std::cv_status::no_timeout;
        lock.release();
      }
      return in_time || ready();
    }
    void unlock() {
      owner_.mutex_.unlock();
      held_ = false;
    }
    void relock() {
      owner_.mutex_.lock();
      held_ = true;
    }

   private:
    friend class Guarded;
    explicit Lock(Guarded& owner) : owner_(owner) { owner_.mutex_.lock(); }
    Guarded& owner_;
    bool held_ = true;
  };

  Guarded() = default;
  template <class... Args>
  explicit Guarded(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  Lock lock() { return Lock(*this); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace quarry
