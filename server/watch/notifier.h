// Notifier: an inotify descriptor: watches on opened directories, and what has happened in them.
//
// Events are queued by the kernel before the system call that caused them returns, so whatever
// another process has finished can be read. Not reported: writes through a shared mapping (only
// the end of the mapping is), changes of a file through a hard link that lies in no watched
// directory, and what other machines do on a network file system.
//
// Thread-compatible.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/base/fd.h"
#include "server/base/result.h"

namespace quarry::watch {

class Notifier {
 public:
  struct Event {
    int watch = -1;  // -1: of no directory, such as an overflow
    std::uint32_t mask = 0;
    std::string_view name;  // of the entry; empty: the directory itself. Until the next next()
  };

  // kUnavailable when the system gives no more of them.
  static Result<std::unique_ptr<Notifier>> open();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Watches the directory open at `directory_fd`: its number, the same for the same directory, or
  // a negative errno.
  int add(int directory_fd) const;
  void remove(int watch) const;
  // The next event, without waiting. False: no more for now.
  bool next(Event& event);

 private:
  static constexpr std::size_t kBufferBytes = 16 * 1024;

  explicit Notifier(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
  std::size_t at_ = 0;      // of the event to hand out
  std::size_t filled_ = 0;  // bytes of buffer_ that hold events
  alignas(8) std::array<char, kBufferBytes> buffer_;
};

}  // namespace quarry::watch
