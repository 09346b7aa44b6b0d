// WriterLock: the writer's lock of one environment between processes, for the life of the object.
//
// Taken before LMDB's own lock, which has no time limit: a process that was stopped while it
// writes must not block the others for ever. Belongs to one thread.

#pragma once

#include <chrono>

#include "server/base/result.h"
#include "server/store/state_directory.h"

namespace quarry::store {

class WriterLock {
 public:
  WriterLock(StateDirectory& directory, StateDirectory::Byte byte,
             std::chrono::milliseconds patience)
      : directory_(directory), byte_(byte), held_(directory.lock(byte, patience)) {}
  ~WriterLock() {
    if (held_) directory_.unlock(byte_);
  }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

  Result<void> check() const {
    if (held_) return {};
    return fail(Code::kUnavailable,
                "another quarry process keeps the store locked; call again later");
  }

 private:
  StateDirectory& directory_;
  StateDirectory::Byte byte_;
  bool held_;
};

}  // namespace quarry::store
