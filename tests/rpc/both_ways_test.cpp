// The reader's loop over both descriptors, as the server runs it: nothing a client does with its
// two ends makes it block or grow without bound.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/rpc/line_reader.h"
#include "server/rpc/line_writer.h"

namespace quarry::rpc {
namespace {

constexpr std::size_t kMaxPending = 1'000'000;

struct Served {
  std::atomic<std::size_t> most{0};  // bytes that waited for the client
  bool flushed = false;
};

// Answers each line with itself and `more` bytes until the input ends.
void serve(int in, int out, std::size_t more, Served& served) {
  LineReader reader(in, 1'000'000);
  LineWriter writer(out, {.max_pending = kMaxPending});
  Line line;
  while (true) {
    if (!reader.buffered() || writer.full()) {
      writer.release();
      pollfd both[2] = {{in, POLLIN, 0}, {writer.poll_fd(), POLLOUT, 0}};
      if (writer.full()) both[0].fd = -1;
      if (!writer.backlog()) both[1].fd = -1;
      ::poll(both, 2, -1);
      if (both[1].revents != 0) writer.drain();
      if (both[0].revents == 0) continue;
    }
    writer.hold();
    const LineReader::Status status = reader.next(line);
    if (status == LineReader::Status::kEnd) break;
    if (status == LineReader::Status::kLine)
      writer.send(std::string(line.view()) + std::string(more, '.'));
    served.most = std::max(served.most.load(), writer.stats().unwritten);
  }
  writer.release();
  served.flushed = writer.flush_for(std::chrono::seconds(60));
}

struct Wires {
  Wires() {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    server_in = Fd(ends[0]);
    client_out = Fd(ends[1]);
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    client_in = Fd(ends[0]);
    server_out = Fd(ends[1]);
  }
  Fd server_in, client_out, client_in, server_out;
};

void write_all(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd.get(), bytes.data(), bytes.size());
    if (wrote <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::string read_all(const Fd& fd) {
  std::string all;
  char piece[65536];
  for (ssize_t got; (got = ::read(fd.get(), piece, sizeof piece)) > 0;)
    all.append(piece, static_cast<std::size_t>(got));
  return all;
}

TEST_CASE("10,000 requests before the first answer is read are all answered, RP-12") {
  Wires wires;
  std::string got;
  std::thread client([&] {
    for (int i = 0; i < 10'000; ++i)
      write_all(wires.client_out, "request " + std::to_string(i) + "\n");
    wires.client_out.reset();
    got = read_all(wires.client_in);
  });
  Served served;
  serve(wires.server_in.get(), wires.server_out.get(), 20, served);
  wires.server_out.reset();
  client.join();
  std::string want;
  for (int i = 0; i < 10'000; ++i)
    want += "request " + std::to_string(i) + std::string(20, '.') + "\n";
  CHECK(got == want);
  CHECK(served.most.load() < kMaxPending);
  CHECK(served.flushed);
}

TEST_CASE("answers far beyond the bound wait in the client's pipe, not with us, RP-13") {
  Wires wires;
  constexpr int kRequests = 3000;
  constexpr std::size_t kMore = 5000;
  std::string got;
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i)
      write_all(wires.client_out, "request " + std::to_string(i) + "\n");
    wires.client_out.reset();
  });
  std::atomic<bool> go{false};
  std::thread client([&] {
    while (!go) std::this_thread::yield();
    got = read_all(wires.client_in);
  });
  Served served;
  std::thread server([&] {
    serve(wires.server_in.get(), wires.server_out.get(), kMore, served);
    wires.server_out.reset();
  });
  // The client starts to read when no request is taken any more.
  while (served.most < kMaxPending) std::this_thread::yield();
  go = true;
  writer.join();
  server.join();
  client.join();
  CHECK(std::count(got.begin(), got.end(), '\n') == kRequests);
  CHECK(got.size() > 15'000'000);
  CHECK(served.most.load() <= kMaxPending + kMore + 20);
  CHECK(served.flushed);
}

TEST_CASE("half a line does not keep an answer back, RP-11 RP-15") {
  Wires wires;
  Served served;
  std::thread server([&] {
    serve(wires.server_in.get(), wires.server_out.get(), 200'000, served);
    wires.server_out.reset();
  });
  write_all(wires.client_out, "first\nsec");
  std::string got;
  char piece[4096];
  while (got.find('\n') == std::string::npos) {  // while the second line stays cut
    const ssize_t size = ::read(wires.client_in.get(), piece, sizeof piece);
    REQUIRE(size > 0);
    got.append(piece, static_cast<std::size_t>(size));
  }
  CHECK(got == "first" + std::string(200'000, '.') + "\n");
  wires.client_out.reset();
  CHECK(read_all(wires.client_in) == "sec" + std::string(200'000, '.') + "\n");
  server.join();
}

}  // namespace
}  // namespace quarry::rpc
