// Landlock by its system calls: the rights, the ABI versions that brought them, one ruleset.
//
// The constants are our own: the headers of Debian 12 stop at ABI 2. Values are those of the
// kernel's include/uapi/linux/landlock.h.
//
// Thread-compatible; a ruleset binds the calling thread and what it starts afterwards.

#pragma once

#include <cstdint>
#include <string>

#include "server/base/fd.h"
#include "server/base/result.h"

namespace quarry::sandbox::landlock {

inline constexpr int kNewestAbi = 7;  // the newest whose rights are known here

using Rights = std::uint64_t;

inline constexpr Rights kExecute = 1U << 0U;
inline constexpr Rights kWriteFile = 1U << 1U;
inline constexpr Rights kReadFile = 1U << 2U;
inline constexpr Rights kReadDir = 1U << 3U;
inline constexpr Rights kRemoveDir = 1U << 4U;
inline constexpr Rights kRemoveFile = 1U << 5U;
inline constexpr Rights kMakeDir = 1U << 7U;
inline constexpr Rights kMakeReg = 1U << 8U;
inline constexpr Rights kMakeSym = 1U << 12U;
inline constexpr Rights kRefer = 1U << 13U;     // ABI 2
inline constexpr Rights kTruncate = 1U << 14U;  // ABI 3
inline constexpr Rights kIoctlDev = 1U << 15U;  // ABI 5

inline constexpr Rights kFileOnly = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;

inline constexpr Rights kReadRights = kReadFile | kReadDir;
inline constexpr Rights kExecuteRights = kReadRights | kExecute;
// Sockets, FIFOs and device nodes are not among what the server makes.
inline constexpr Rights kWriteRights = kReadRights | kWriteFile | kRemoveDir | kRemoveFile |
                                       kMakeDir | kMakeReg | kMakeSym | kRefer | kTruncate;

// The kernel's ABI version; 0 when it has no Landlock or does not enable it.
int abi();

class Ruleset {
 public:
  // Handles every right that both `abi` and this code know: TCP from 4 on, and abstract sockets
  // and signals to other domains from 6 on, are then denied altogether. kUnavailable with the
  // kernel's reason.
  static Result<Ruleset> make(int abi);

  // Grants `rights` on `path` and, for a directory, all beneath it. Rights that the ABI does not
  // know, or that a file cannot have, are left out. False when `path` does not exist or cannot be
  // reached.
  Result<bool> allow(const std::string& path, Rights rights) const;

  // Puts the ruleset in force. REQUIRES: no_new_privs is set.
  Result<void> enforce() const;

 private:
  Ruleset(Fd fd, Rights handled) : fd_(std::move(fd)), handled_(handled) {}
  Fd fd_;
  Rights handled_;
};

}  // namespace quarry::sandbox::landlock
