#include "server/git/channel.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include "server/git/protocol.h"

namespace quarry::git {
namespace {

constexpr int kSliceMs = 10;
constexpr std::size_t kPiece = 256u << 10;  // memory grows as bytes arrive, not as they are claimed

Failure closed() {
  return fail(Code::kUnavailable, "the git helper ended");
}

// Until `events` are possible.
Result<void> wait(int channel, short events, const CancelToken& cancel) {
  for (;;) {
    TRY(cancel.check());
    const std::int64_t left_ms = cancel.remaining_ns() / 1'000'000 + 1;
    pollfd entry{channel, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left_ms, kSliceMs)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return closed();
  }
}

// Fills `size` bytes at `into`.
Result<void> receive(int channel, char* into, std::size_t size, const CancelToken& cancel) {
  while (size > 0) {
    const ssize_t got = recv(channel, into, size, MSG_DONTWAIT);
    if (got > 0) {
      into += got;
      size -= static_cast<std::size_t>(got);
      continue;
    }
    if (got == 0) return closed();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return closed();
    TRY(wait(channel, POLLIN, cancel));
  }
  return {};
}

}  // namespace

Result<void> send_frame(int channel, std::string_view frame, const CancelToken& cancel) {
  while (!frame.empty()) {
    const ssize_t sent = send(channel, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      frame.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return closed();
    TRY(wait(channel, POLLOUT, cancel));
  }
  return {};
}

Result<void> receive_frame(int channel, std::string& body, const CancelToken& cancel) {
  char head[protocol::kHeadBytes];
  TRY(receive(channel, head, sizeof head, cancel));
  const std::size_t length = protocol::frame_length(head);
  if (length > protocol::kMaxAnswerBytes) {
    return fail(Code::kInternal, "the git helper claims an answer of {} bytes", length);
  }
  body.clear();
  while (body.size() < length) {
    const std::size_t start = body.size();
    body.resize(start + std::min(kPiece, length - start));
    TRY(receive(channel, body.data() + start, body.size() - start, cancel));
  }
  return {};
}

}  // namespace quarry::git
