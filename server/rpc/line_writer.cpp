#include "server/rpc/line_writer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log.h"

namespace quarry::rpc {
namespace {

constexpr std::size_t kHeldBytes = 64UL << 10U;
constexpr std::size_t kChunk = 256UL << 10U;       // pending is sealed at this size
constexpr std::size_t kWithoutCopy = 16UL << 10U;  // from here a line is written from where it is
constexpr std::chrono::milliseconds kSlice{50};    // longest wait before looking whether to go on

// True when the descriptor may take bytes, or is broken and will say so.
bool wait_writable(int fd, std::chrono::milliseconds limit) {
  pollfd poll_for{fd, POLLOUT, 0};
  return ::poll(&poll_for, 1, static_cast<int>(limit.count())) > 0;
}

// Drops the first `bytes` of the pieces.
void advance(iovec*& pieces, int& count, std::size_t bytes) {
  while (count > 0 && bytes >= pieces->iov_len) {
    bytes -= pieces->iov_len;
    ++pieces;
    --count;
  }
  if (count == 0) return;
  pieces->iov_base = static_cast<char*>(pieces->iov_base) + bytes;
  pieces->iov_len -= bytes;
}

// What an iovec wants; nothing is written through it.
iovec piece(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

LineWriter::LineWriter(int fd, const Options& options)
    : fd_(fd), reader_(::pthread_self()), options_(options) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return;  // the first write will say what is wrong
  if (S_ISSOCK(status.st_mode)) way_ = Way::kSocket;
  if (!S_ISFIFO(status.st_mode)) return;
  const std::string path = fmt::format("/proc/self/fd/{}", fd);
  own_ = Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!own_) way_ = Way::kPolledPipe;
}

void LineWriter::assert_own_bug(std::string_view what) {
  log::error("{}", what);
  assert(false && "a line that must not be on the wire");
}

void LineWriter::send(std::string_view line) {
  std::string mended;
  if (line.find('\n') != std::string_view::npos) {
    options_.on_own_bug("an outgoing line contained a newline");
    mended = line;
    std::replace(mended.begin(), mended.end(), '\n', ' ');
    line = mended;
  }
  if (line.size() >= kMaxLineOut)
    return options_.on_own_bug("an outgoing line of 8 MiB or more was dropped");

  const bool waits = !on_reader_thread();
  Lock state = state_.lock();
  if (waits) wait_for_room(state, line.size() + 1);
  if (broken()) return;
  ++state->stats.lines;
  const bool held = !waits && held_;
  if (!held && line.size() >= kWithoutCopy && !state->writing && state->unwritten == 0)
    return write_directly(state, line, waits);
  append(*state, line);
  if (state->writing || (held && state->unwritten < kHeldBytes)) return;
  write_out(state, waits);
}

bool LineWriter::release() {
  held_ = false;
  return drain();
}

bool LineWriter::drain() {
  Lock state = state_.lock();
  if (state->writing) return is_full(*state);
  write_out(state, false);
  return state->unwritten != 0;
}

bool LineWriter::backlog() const {
  const Lock state = state_.lock();
  return state->writing ? is_full(*state) : state->unwritten != 0;
}

bool LineWriter::full() const {
  return is_full(*state_.lock());
}

bool LineWriter::idle() const {
  const Lock state = state_.lock();
  return state->unwritten == 0 && !state->writing && state->waiting == 0;
}

LineWriter::Stats LineWriter::stats() const {
  const Lock state = state_.lock();
  Stats stats = state->stats;
  stats.unwritten = state->unwritten;
  stats.kept = state->pending.capacity() + (state->writing ? 0 : out_.capacity());
  return stats;
}

bool LineWriter::flush_for(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  Lock state = state_.lock();
  while (true) {
    if (!state->writing) write_out(state, false);
    if (broken()) return false;
    if (state->unwritten == 0 && !state->writing) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (state->writing) {
      ++state->waiting;
      state.wait_for(changed_, std::min(left, kSlice), [&] { return !state->writing; });
      --state->waiting;
    } else {
      state.unlock();
      wait_writable(poll_fd(), std::min(left, kSlice));
      state.relock();
    }
  }
}

void LineWriter::give_up() {
  Lock state = state_.lock();
  account(*state, {.broken = true});
}

// Returns with room, or broken. The thread that waits writes if nobody else does.
void LineWriter::wait_for_room(Lock& state, std::size_t bytes) {
  const auto room = [&] {
    return broken() || state->unwritten == 0 || state->unwritten + bytes <= options_.max_pending;
  };
  while (!room()) {
    if (!state->writing) {
      write_out(state, true);
      continue;
    }
    ++state->waiting;
    state.wait_for(changed_, kSlice, [&] { return room() || !state->writing; });
    --state->waiting;
  }
}

// In chunks, so that what the client has taken is given back and no chunk is ever moved.
void LineWriter::append(State& state, std::string_view line) {
  if (!state.pending.empty() && state.pending.size() + line.size() >= kChunk) {
    state.sealed.push_back(std::move(state.pending));
    state.pending = std::string();
  }
  state.pending.append(line).push_back('\n');
  state.unwritten += line.size() + 1;
}

// Makes out_ hold something unwritten, if there is anything. REQUIRES: writing is the caller's.
bool LineWriter::take_next(State& state) {
  if (written_ < out_.size()) return true;
  written_ = 0;
  out_.clear();
  if (!state.sealed.empty()) {
    out_ = std::move(state.sealed.front());
    state.sealed.pop_front();
    return true;
  }
  if (out_.capacity() > 2 * kChunk) out_ = std::string();
  out_.swap(state.pending);
  return !out_.empty();
}

// Writes until nothing is left, the writer is broken, or, unless `waits`, the client is slow.
// REQUIRES: !state->writing.
void LineWriter::write_out(Lock& state, bool waits) {
  state->writing = true;
  while (!broken() && take_next(*state)) {
    state.unlock();
    iovec rest = piece(std::string_view(out_).substr(written_));
    const Written written = write_all(&rest, 1, waits);
    state.relock();
    written_ += written.bytes;
    account(*state, written);
    if (written_ < out_.size() && !waits) break;
  }
  state->writing = false;
  wake(*state);
}

// The same for a large line when nothing is before it: no copy, unless some of it must stay.
void LineWriter::write_directly(Lock& state, std::string_view line, bool waits) {
  state->writing = true;
  state->unwritten = line.size() + 1;
  state.unlock();
  std::array<iovec, 2> pieces = {piece(line), piece("\n")};
  const Written written = write_all(pieces.data(), 2, waits);
  if (written.bytes <= line.size()) {
    out_.assign(line.substr(written.bytes)).push_back('\n');
    written_ = 0;
  }
  state.relock();
  account(*state, written);
  state->writing = false;
  // Others may have appended meanwhile. A reader that could not write it all finds out again.
  write_out(state, waits);
}

void LineWriter::account(State& state, const Written& written) {
  state.stats.bytes += written.bytes;
  state.stats.writes += written.calls;
  if (written.broken && !broken()) {
    broken_.store(true, std::memory_order_release);
    if (options_.on_broken != nullptr) options_.on_broken();
    state.pending = std::string();
    state.sealed.clear();
    state.unwritten = 0;
  }
  if (!broken()) state.unwritten -= written.bytes;
  wake(state);
}

void LineWriter::wake(State& state) {
  if (state.waiting > 0) changed_.notify_all();
}

// Without the lock. Returns when all is written, the writer is broken, or, unless `waits`, the
// client is slow.
LineWriter::Written LineWriter::write_all(iovec* pieces, int count, bool waits) {
  Written written;
  while (count > 0) {
    const ssize_t wrote = write_once(pieces, count);
    if (wrote >= 0) {
      ++written.calls;
      written.bytes += static_cast<std::size_t>(wrote);
      taken_.store(taken() + static_cast<std::size_t>(wrote), std::memory_order_relaxed);
      advance(pieces, count, static_cast<std::size_t>(wrote));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!waits) break;
      if (!wait_writable(poll_fd(), kSlice) && broken()) break;
    } else if (errno != EINTR) {
      written.broken = true;
      break;
    }
  }
  return written;
}

ssize_t LineWriter::write_once(const iovec* pieces, int count) const {
  if (way_ == Way::kSocket) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);  // sendmsg does not write to it
    message.msg_iovlen = static_cast<std::size_t>(count);
    return ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  if (way_ == Way::kPolledPipe) {
    // A pipe that polls writable takes PIPE_BUF bytes without blocking.
    if (!wait_writable(fd_, std::chrono::milliseconds(0))) {
      errno = EAGAIN;
      return -1;
    }
    return ::write(fd_, pieces->iov_base, std::min<std::size_t>(pieces->iov_len, PIPE_BUF));
  }
  if (count == 1) return ::write(poll_fd(), pieces->iov_base, pieces->iov_len);
  return ::writev(poll_fd(), pieces, count);
}

}  // namespace quarry::rpc
