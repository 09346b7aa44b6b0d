// LineReader: whole lines from a file descriptor, one at a time.
//
// Reads in large pieces. A short line is copied once into the caller's Line; a line that outgrows
// the read buffer is read straight into the Line that becomes the caller's. A line over the limit
// is skipped up to its newline and reported, with bounded memory, so that the stream stays in
// step. One '\r' before the newline, a byte order mark at the very start of the stream and blank
// lines are dropped. The last line may lack its newline.
//
// next() reads at most once: after poll() has seen input it does not block, also when the client
// has sent only a part of a line, so that a loop can look after its output meanwhile. A signal
// ends a read that blocks. Works with blocking and non-blocking descriptors.
//
// Belongs to one thread.
//
// Invariant: bytes of buffer_ before parsed_ have been handed out; newline_ is the first newline
// from parsed_ to filled_, and what it ends is not blank.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "server/rpc/line.h"

namespace quarry::rpc {

class LineReader {
 public:
  enum class Status {
    kLine,
    kTooLong,      // the line was over the limit and has been skipped
    kEnd,          // end of input, or a descriptor that cannot be read any more
    kInterrupted,  // no whole line yet: call again, or after poll()
  };

  // What it always holds; more only while a longer line comes in.
  static constexpr std::size_t kBufferBytes = 64UL << 10U;

  // `fd` stays the caller's and must outlive the reader.
  LineReader(int fd, std::size_t max_line_bytes);

  // The next line, without its newline. `into` is reused; it is empty unless kLine.
  [[nodiscard]] Status next(Line& into);

  // Another line is in memory: next() answers without a system call.
  bool buffered() const { return newline_ != kNone; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::optional<Status> finish_line(std::string_view rest, Line& into);
  std::optional<Status> finish_stream(Line& into);
  void fill();
  void fill_buffer();
  void fill_long_line();
  std::size_t read_once(char* to, std::size_t most);
  void find_newline(std::size_t from);

  int fd_;
  std::size_t max_line_bytes_;
  std::unique_ptr<char[]> buffer_;
  std::size_t parsed_ = 0;
  std::size_t filled_ = 0;
  std::size_t newline_ = kNone;
  Line long_line_;         // the start of a line that outgrew the buffer; empty otherwise
  bool skipping_ = false;  // inside a line over the limit
  bool started_ = false;   // the first line has been handed out
  bool ended_ = false;
};

}  // namespace quarry::rpc
