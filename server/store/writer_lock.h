// WriterLock: the writer's lock of one part of the store between processes, for the life of the
// object: a StateDirectory::ByteLock or a PageLock.
//
// Taken before LMDB's own lock, which has no time limit: a process that was stopped while it
// writes must not block the others for ever. Belongs to one thread.

#pragma once

#include <chrono>

#include "server/base/result.h"

namespace quarry::store {

template <class Lock>
class WriterLock {
 public:
  // `lock` outlives it.
  WriterLock(Lock& lock, std::chrono::milliseconds patience)
      : lock_(lock), held_(lock.lock(patience)) {}
  ~WriterLock() {
    if (held_) lock_.unlock();
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  Result<void> check() const {
    if (held_) return {};
    return fail(Code::kUnavailable,
                "another quarry process keeps the store locked; call again later");
  }

 private:
  Lock& lock_;
  bool held_;
};

}  // namespace quarry::store
