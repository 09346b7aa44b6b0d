// Peer: a line server under measurement: the least code between a request and its answer.
//
// Blocking pipes, one buffer, no polling. Throws std::runtime_error when the peer ends.
// Belongs to one thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace quarry::perf {

std::int64_t now_ns();
void pin_to_one_core(bool pinned);  // this process, and every Peer started afterwards

class Peer {
 public:
  explicit Peer(const std::vector<std::string>& argv);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void send(std::string_view bytes);
  // The next line without its newline; valid until the next call.
  std::string_view receive();
  // Whether receive() has a line without waiting.
  bool has_line() const;

  pid_t pid() const { return pid_; }
  std::int64_t cpu_ns() const;  // used so far, all threads
  std::int64_t memory_kib(std::string_view field) const;
  void pin(bool pinned) const;  // to the core of pin_to_one_core, or to all

 private:
  void fill();

  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Whether the answer to a request of a handshake revision is an error, the protocol's or a tool's.
bool is_failure(std::string_view answer);
// Throws std::runtime_error where it is one.
void must_succeed(std::string_view answer);

}  // namespace quarry::perf
