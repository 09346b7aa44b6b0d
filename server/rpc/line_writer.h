// LineWriter: the one place that writes the wire. Each line goes out whole, in the order of the
// calls, and whoever sends writes at once, together with what others appended meanwhile.
//
// Two kinds of caller. The reader thread, which is the one that made the LineWriter, never waits:
// what the client does not take stays here, backlog() says so, and the reader polls poll_fd() for
// POLLOUT and calls drain(). Any other thread waits for the client, and before it adds to more than
// max_pending bytes. The reader asks full() and reads no further input while it is, unless no more
// of it comes: also when it is another thread that waits for the client.
//
// The descriptor is shared with the parent, so it is never made non-blocking itself: a pipe is
// opened again for ourselves, a socket is told per call, and where neither works writes of at most
// PIPE_BUF follow a poll. Files and terminals are written plainly.
//
// Once a write fails for good (the client is gone) the writer is broken: everything is dropped.
// A line that contains a newline or reaches kMaxLineOut is a bug of ours: on_own_bug asserts in
// debug builds. If it returns, newlines become spaces, which mean the same between JSON tokens and
// cannot occur inside them; an over-long line is dropped (a Reply never sends one).
//
// REQUIRES: SIGPIPE is ignored. Safe from any thread.
//
// Invariant: out_ and written_ belong to whoever set State::writing, or to the lock's holder while
// it is not set. unwritten counts the bytes of out_ behind written_, of sealed and of pending.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <pthread.h>
#include <sys/uio.h>

#include "server/base/fd.h"
#include "server/base/guarded.h"
#include "server/base/limits.h"
#include "server/rpc/reply_sink.h"

namespace quarry::rpc {

class LineWriter final : public ReplySink {
 public:
  struct Options {
    std::size_t max_pending = standard<std::size_t>(Limit::kUnsentBytes);
    void (*on_own_bug)(std::string_view what) = &assert_own_bug;
    // Called once, by the thread that met it, when the writer breaks: to wake a reader thread that
    // waits for input. May be null. Must not call back.
    void (*on_broken)() = nullptr;
  };
  struct Stats {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
    std::uint64_t writes = 0;   // system calls that wrote something
    std::size_t unwritten = 0;  // bytes that wait for the client now
    std::size_t kept = 0;       // bytes of memory held for the next lines
  };

  // `fd` stays the caller's and must outlive the writer. A pipe stays open until the writer is
  // gone as well.
  explicit LineWriter(int fd) : LineWriter(fd, Options()) {}
  LineWriter(int fd, const Options& options);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `line` is one message without its newline.
  void send(std::string_view line);
  void deliver(std::string_view line) override { send(line); }
  void dropped() override {}
  // For Reply and Batch; owns nothing, `*this` must outlive it.
  std::shared_ptr<ReplySink> sink() { return {std::shared_ptr<void>(), this}; }

  // The reader thread only. From hold() to release() its lines are kept back, up to 64 KiB, to go
  // out in one write. True when a backlog() is left.
  void hold() { held_ = true; }
  bool release();
  // Writes as much as goes without waiting. True when a backlog() is left.
  bool drain();

  // The reader must wait for the client: something is unwritten and no other thread is at it, or it
  // is full().
  bool backlog() const;
  // For poll(POLLOUT).
  int poll_fd() const { return own_ ? own_.get() : fd_; }
  bool full() const;
  bool broken() const { return broken_.load(std::memory_order_acquire); }
  bool idle() const;  // everything is written, and nobody waits to add to it
  Stats stats() const;
  // Bytes that the client's end has taken, also of what is being written.
  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }

  // Waits until everything is written. False when the time passed first or the writer is broken.
  [[nodiscard]] bool flush_for(std::chrono::milliseconds limit);
  // Breaks the writer: threads that wait in send() come back soon.
  void give_up();

 private:
  enum class Way : std::uint8_t { kWrite, kSocket, kPolledPipe };
  struct State {
    std::string pending;             // newest
    std::deque<std::string> sealed;  // older, oldest first; only while the client is slow
    std::size_t unwritten = 0;
    bool writing = false;
    int waiting = 0;  // threads in a wait for `changed_`
    Stats stats;
  };
  using Lock = Guarded<State>::Lock;
  bool is_full(const State& state) const { return state.unwritten >= options_.max_pending; }
  struct Written {
    std::size_t bytes = 0;
    std::uint64_t calls = 0;
    bool broken = false;
  };

  static void assert_own_bug(std::string_view what);
  bool on_reader_thread() const { return pthread_equal(reader_, ::pthread_self()) != 0; }
  void wait_for_room(Lock& state, std::size_t bytes);
  void append(State& state, std::string_view line);
  void write_out(Lock& state, bool waits);
  void write_directly(Lock& state, std::string_view line, bool waits);
  bool take_next(State& state);
  void account(State& state, const Written& written);
  void wake(State& state);
  Written write_all(iovec* pieces, int count, bool waits);
  ssize_t write_once(const iovec* pieces, int count) const;

  const int fd_;
  Fd own_;  // the pipe, opened again
  Way way_ = Way::kWrite;
  const pthread_t reader_;
  const Options options_;
  bool held_ = false;  // the reader thread's
  mutable Guarded<State> state_;
  std::atomic<bool> broken_{false};      // set under the lock, and never taken back
  std::atomic<std::uint64_t> taken_{0};  // set by who writes: one thread at a time
  std::condition_variable changed_;
  std::string out_;
  std::size_t written_ = 0;  // of out_
};

}  // namespace quarry::rpc
