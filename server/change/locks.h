// Locks: one change at a time to a file, among the threads and the processes of one user.
//
// A lock is a byte range of one file in the state directory, chosen by a hash of the file's real
// absolute path, held by an open file description of its own: threads exclude each other as
// processes do, and the kernel drops it when its process dies. Two files seldom share one. Without
// a directory (no state directory) only this process's threads are excluded.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/base/fd.h"
#include "server/base/guarded.h"
#include "server/base/result.h"

namespace quarry::change {

class Locks {
 public:
  // Held until it goes; the Locks outlive it.
  class Held {
   public:
    Held(Held&&) noexcept = default;
    Held& operator=(Held&&) = delete;
    ~Held();

   private:
    friend class Locks;
    Held(const Locks& locks, Fd description)
        : locks_(&locks), description_(std::move(description)) {}
    const Locks* locks_;
    Fd description_;
  };

  // `directory`: where the file `locks` is kept; "" for none.
  Locks(std::string directory, const Clock& clock);

  // All of `paths`, absolute and real, or none. kUnavailable, naming `shown`, when another change
  // keeps one of them for too long, or the directory was removed; kCancelled, kTimeout.
  Result<Held> lock(const std::vector<std::string>& paths, std::string_view shown,
                    const CancelToken& cancel) const;
  // The same without waiting: nullopt when another one keeps one of them.
  Result<std::optional<Held>> try_lock(const std::vector<std::string>& paths) const;

 private:
  Result<Held> open() const;
  [[gnu::cold]] Failure not_lockable(int error) const;
  Fd take_idle() const;

  const std::string file_;
  const Fd private_file_;
  const Clock& clock_;
  mutable std::atomic<bool> was_there_{false};  // the file was opened once
  // Descriptions that hold nothing: to open one costs more than to lock it.
  mutable Guarded<std::vector<Fd>> idle_;
};

}  // namespace quarry::change
