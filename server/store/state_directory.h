// StateDirectory: the directory that several quarry processes of one user share, judged before use.
//
// open() creates it (mode 0700) and refuses, with the reason as kUnavailable, one that is not
// ours, that others may write to, that lies on a network or user-space file system (LMDB's shared
// memory and locks do not hold there), whose format is a newer version's, or that this process
// has open already (LMDB forbids that: closing one would drop the locks of the other), or one of
// the same number in another container (LMDB takes the two for one).
//
// Who uses it is known by locks on bytes of its file `lock`, which the kernel drops when a
// process dies: one for opening, one per process, one for each environment's writer. They are
// open-file-description locks: a second opening in one process conflicts with the first. The log
// of recent changes has its own (page_lock.h).
//
//   lock  version  *.boot  state/  recent/  cache/  *.damaged/  *.suspect
//
// A directory of version 1 (`state` alone, without `recent` before it) 2 (`recent` is a
// database) or 3 (the log's writers are kept apart by another lock) is taken over when no process
// has it open; what is in `state` is written the same way.
//
// Not to be used in the child of a fork. Safe from any thread.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "server/base/fd.h"
#include "server/base/result.h"

namespace quarry::store {

class StateDirectory {
 public:
  static constexpr std::chrono::milliseconds kOpeningPatience{2000};

  enum class Byte { kOpening = 0, kStateWriter = 1, kCacheWriter = 2, kFirstProcess = 16 };

  // The opening lock is held until opened().
  // `patience`: with another process that opens it.
  static Result<std::unique_ptr<StateDirectory>> open(
      const std::string& path, std::chrono::milliseconds patience = kOpeningPatience);
  ~StateDirectory();
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;

  const std::string& path() const { return path_; }
  int fd() const { return directory_.get(); }
  // No other process has it open. Meaningful while the opening lock is held.
  bool alone() const { return alone_; }
  void opened() { unlock(Byte::kOpening); }
  // Its path still leads to it and to its lock. False when somebody has removed or replaced either:
  // then what is written is not found again, and those who came later do not see our locks.
  bool in_place() const;
  // Its format could not be told: the file that says it is damaged or gone.
  bool version_lost() const { return version_lost_; }
  // Writes that file, when what is there was found to be of this format.
  Result<void> restore_version();

  // Between processes only: threads of one process exclude each other by other means. False when
  // another process (which may be stopped) kept it for all of `patience`.
  bool lock(Byte byte, std::chrono::milliseconds patience);
  void unlock(Byte byte);

  // One of them, as WriterLock takes it.
  struct ByteLock {
    StateDirectory& directory;
    Byte byte;
    bool lock(std::chrono::milliseconds patience) { return directory.lock(byte, patience); }
    void unlock() { directory.unlock(byte); }
  };

  // The byte that this process keeps locked as long as it has the directory open.
  std::uint32_t process_byte() const;
  // Whether another process keeps `byte` locked.
  bool lives(std::uint32_t byte) const;

  // How often somebody had to wait for a lock between processes.
  std::uint64_t waits() const { return waits_; }
  void count_wait() { ++waits_; }

  // At most 256 bytes of a regular file in the directory, without the last newline; "" when there
  // is none.
  std::string read_note(const std::string& name) const;
  // Atomically; durably.
  Result<void> write_note(const std::string& name, const std::string& text) const;

 private:
  StateDirectory(std::string path, Fd directory, Fd lock)
      : path_(std::move(path)), directory_(std::move(directory)), lock_(std::move(lock)) {}
  Result<void> enter(std::chrono::milliseconds patience);

  std::string path_;
  Fd directory_;
  Fd lock_;
  bool alone_ = false;
  bool version_lost_ = false;
  std::atomic<std::uint64_t> waits_{0};
};

// Whether statfs's f_type names a file system that LMDB cannot be trusted on.
bool remote_or_user_space(long file_system_type);

}  // namespace quarry::store
