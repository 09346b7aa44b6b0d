#include "server/rpc/line_writer.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/fd.h"

namespace quarry::rpc {
namespace {

using namespace std::chrono_literals;

// How the client's end is connected.
enum class Wire { kPipe, kPolledPipe, kSocket };
constexpr Wire kWires[] = {Wire::kPipe, Wire::kPolledPipe, Wire::kSocket};
const char* name_of(Wire wire) {
  return wire == Wire::kPipe ? "pipe" : wire == Wire::kSocket ? "socket" : "pipe, polled";
}

struct Ends {
  explicit Ends(Wire wire) {
    ::signal(SIGPIPE, SIG_IGN);
    int both[2];
    if (wire == Wire::kSocket)
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) == 0);
    else
      REQUIRE(::pipe2(both, O_CLOEXEC) == 0);
    client = Fd(both[0]);
    server = Fd(both[1]);
  }
  Fd client, server;
};

// With kPolledPipe there is no descriptor left for opening the pipe again.
std::unique_ptr<LineWriter> make_writer(Wire wire, int fd,
                                        const LineWriter::Options& options = {}) {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  if (wire == Wire::kPolledPipe) {
    const Fd next(::dup(fd));
    rlimit none_left = before;
    none_left.rlim_cur = static_cast<rlim_t>(next.get());
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none_left) == 0);
  }
  auto writer = std::make_unique<LineWriter>(fd, options);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK((writer->poll_fd() != fd) == (wire == Wire::kPipe));
  return writer;
}

// Reads at most `size` bytes; empty at the end.
std::string take(const Fd& client, std::size_t size) {
  std::string bytes(size, ' ');
  const ssize_t got = ::read(client.get(), bytes.data(), size);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

std::string take_all(const Fd& client, std::size_t step = 65536) {
  std::string all;
  for (std::string piece; !(piece = take(client, step)).empty();) all += piece;
  return all;
}

std::vector<std::string> split(const std::string& bytes) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  for (std::size_t end; (end = bytes.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(bytes.substr(at, end - at));
  CHECK(at == bytes.size());  // no part of a line
  return lines;
}

// The reader's loop when nothing arrives: write on, as far as the client reads.
void drain_all(LineWriter& writer) {
  while (!writer.idle() && !writer.broken()) {
    pollfd output{writer.poll_fd(), POLLOUT, 0};
    ::poll(&output, 1, 1000);
    writer.drain();
  }
}

TEST_CASE("line writer lines arrive whole and in order") {
  for (const Wire wire : kWires) {
    INFO(name_of(wire));
    Ends ends(wire);
    std::string got;
    std::thread client([&] { got = take_all(ends.client, 1000); });
    std::vector<std::string> sent;
    {
      const auto writer = make_writer(wire, ends.server.get());
      for (const std::size_t size :
           {0U, 1U, 100U, 4095U, 4096U, 5000U, 70'000U, 1'000'000U, 3U, 300'000U, 7U}) {
        sent.emplace_back(size, static_cast<char>('a' + sent.size()));
        writer->send(sent.back());
      }
      drain_all(*writer);
      CHECK(writer->stats().lines == sent.size());
      CHECK_FALSE(writer->broken());
    }
    ends.server.reset();
    client.join();
    CHECK(split(got) == sent);
  }
}

TEST_CASE("line writer does not make the shared descriptor non-blocking") {
  for (const Wire wire : kWires) {
    Ends ends(wire);
    const auto writer = make_writer(wire, ends.server.get());
    writer->send("x");
    CHECK((::fcntl(ends.server.get(), F_GETFL) & O_NONBLOCK) == 0);
    CHECK((::fcntl(ends.client.get(), F_GETFL) & O_NONBLOCK) == 0);
  }
}

TEST_CASE("line writer never blocks the reader thread, RP-12 RP-13") {
  for (const Wire wire : kWires) {
    INFO(name_of(wire));
    Ends ends(wire);
    auto writer = make_writer(wire, ends.server.get(), {.max_pending = 5'000'000});
    std::vector<std::string> sent;
    while (!writer->full()) {  // nobody reads
      sent.emplace_back(1 + sent.size() % 3000, static_cast<char>('a' + sent.size() % 26));
      if (sent.size() % 500 == 0) sent.back().assign(200'000, 'L');
      writer->send(sent.back());
    }
    CHECK(writer->backlog());
    CHECK_FALSE(writer->idle());
    CHECK(writer->stats().unwritten >= 5'000'000);
    CHECK_FALSE(writer->flush_for(1ms));
    writer->drain();
    CHECK(writer->full());

    std::string got;
    std::thread client([&] { got = take_all(ends.client); });
    drain_all(*writer);
    CHECK_FALSE(writer->backlog());
    CHECK_FALSE(writer->full());
    CHECK(writer->stats().unwritten == 0);
    writer->send("last");
    sent.emplace_back("last");
    CHECK(writer->flush_for(60s));
    writer.reset();
    ends.server.reset();
    client.join();
    CHECK(split(got) == sent);
  }
}

TEST_CASE("line writer makes other threads wait for a slow client, within the bound, RP-13") {
  constexpr std::size_t kMost = 300'000;
  for (const Wire wire : kWires) {
    INFO(name_of(wire));
    Ends ends(wire);
    auto writer = make_writer(wire, ends.server.get(), {.max_pending = kMost});
    std::atomic<int> running{3};
    std::vector<std::thread> workers;
    for (int w = 0; w < 3; ++w)
      workers.emplace_back([&, w] {
        for (int i = 0; i < 200; ++i)
          writer->send(std::to_string(w) + " " + std::to_string(i) + " " +
                       std::string(static_cast<std::size_t>(i * 97 % 20'000), 'x'));
        --running;
      });
    // Read only once the bound has been felt.
    while (writer->stats().unwritten + 20'010 < kMost) std::this_thread::yield();
    CHECK(running == 3);
    std::size_t most = 0;
    std::string got;
    while (running > 0 || !writer->idle()) {
      most = std::max(most, writer->stats().unwritten);
      pollfd input{ends.client.get(), POLLIN, 0};
      if (::poll(&input, 1, 10) > 0) got += take(ends.client, 3000);
    }
    for (std::thread& worker : workers) worker.join();
    CHECK(most <= kMost);
    writer.reset();
    ends.server.reset();
    got += take_all(ends.client);
    const auto lines = split(got);
    CHECK(lines.size() == 600);
    std::array<int, 3> next{};
    for (const std::string& line : lines) {
      const auto worker = static_cast<std::size_t>(line.at(0) - '0');
      const int index = std::atoi(line.c_str() + 2);
      CHECK(index == next.at(worker)++);
      const std::string head = std::to_string(worker) + " " + std::to_string(index) + " ";
      REQUIRE(line == head + std::string(static_cast<std::size_t>(index * 97 % 20'000), 'x'));
    }
  }
}

TEST_CASE("line writer has the reader wait when it is full though another thread is at it, RP-13") {
  for (const Wire wire : kWires) {
    INFO(name_of(wire));
    Ends ends(wire);
    auto writer = make_writer(wire, ends.server.get(), {.max_pending = 5'000'000});
    std::vector<std::string> sent = {std::string(2'000'000, 'w')};
    std::thread worker([&] { writer->send(sent.front()); });  // nobody reads: it waits
    while (writer->stats().unwritten == 0) std::this_thread::yield();
    CHECK_FALSE(writer->backlog());
    CHECK_FALSE(writer->release());
    while (!writer->full()) writer->send(sent.emplace_back(100'000, 'r'));
    CHECK(writer->backlog());
    CHECK(writer->drain());

    std::string got;
    std::thread client([&] { got = take_all(ends.client); });
    drain_all(*writer);
    worker.join();
    CHECK_FALSE(writer->full());
    CHECK(writer->flush_for(60s));
    writer.reset();
    ends.server.reset();
    client.join();
    CHECK(split(got) == sent);
  }
}

TEST_CASE("line writer keeps lines of reader and workers apart while the client is slow") {
  for (const Wire wire : kWires) {
    INFO(name_of(wire));
    Ends ends(wire);
    std::string got;
    std::thread client([&] { got = take_all(ends.client, 777); });
    auto writer = make_writer(wire, ends.server.get(), {.max_pending = 500'000});
    std::vector<std::thread> workers;
    for (int w = 0; w < 3; ++w)
      workers.emplace_back([&, w] {
        for (int i = 0; i < 150; ++i)
          writer->send(std::string(static_cast<std::size_t>(1 + i * 331 % 30'000),
                                   static_cast<char>('a' + w)));
      });
    for (int i = 0; i < 150; ++i) {
      if (i % 10 == 0) writer->hold();
      writer->send(std::string(static_cast<std::size_t>(1 + i * 331 % 30'000), 'r'));
      if (i % 10 == 9) writer->release();
    }
    for (std::thread& worker : workers) worker.join();
    drain_all(*writer);
    writer.reset();
    ends.server.reset();
    client.join();
    const auto lines = split(got);
    CHECK(lines.size() == 600);
    for (const std::string& line : lines)
      REQUIRE(line.find_first_not_of(line.at(0)) == std::string::npos);
  }
}

TEST_CASE("line writer is broken when the client is gone, and lives on, RP-17") {
  for (const Wire wire : kWires) {
    INFO(name_of(wire));
    Ends ends(wire);
    const auto writer = make_writer(wire, ends.server.get());
    writer->send("a");
    CHECK_FALSE(writer->broken());
    ends.client.reset();
    writer->send("b");
    CHECK(writer->broken());
    for (int i = 0; i < 100; ++i) writer->send(std::string(100'000, 'x'));
    CHECK(writer->stats().unwritten == 0);
    CHECK(writer->stats().lines == 2);
    CHECK_FALSE(writer->flush_for(1ms));
    CHECK_FALSE(writer->backlog());
  }
}

TEST_CASE("line writer lets waiting threads go when the client leaves or it is told to give up") {
  for (const Wire wire : kWires) {
    for (const bool leaves : {true, false}) {
      INFO(name_of(wire) << (leaves ? ", client leaves" : ", given up"));
      Ends ends(wire);
      const auto writer = make_writer(wire, ends.server.get(), {.max_pending = 400'000});
      std::vector<std::thread> workers;
      for (int w = 0; w < 3; ++w)
        workers.emplace_back([&] {
          while (!writer->broken()) writer->send(std::string(50'000, 'x'));
        });
      while (writer->stats().unwritten < 300'000) std::this_thread::yield();
      if (leaves)
        ends.client.reset();
      else
        writer->give_up();
      for (std::thread& worker : workers) worker.join();
      CHECK(writer->broken());
      CHECK(writer->stats().unwritten == 0);
    }
  }
}

TEST_CASE("line writer sends what was held in one write, and holds no more than 64 KiB") {
  for (const Wire wire : {Wire::kPipe, Wire::kSocket}) {
    INFO(name_of(wire));
    Ends ends(wire);
    auto writer = make_writer(wire, ends.server.get());
    writer->hold();
    for (int i = 0; i < 300; ++i) writer->send("line " + std::to_string(i));
    CHECK(writer->stats().writes == 0);
    CHECK(writer->backlog());
    writer->release();
    CHECK(writer->stats().writes == 1);
    CHECK(writer->idle());
    CHECK(split(take(ends.client, 65536)).size() == 300);

    writer->hold();
    for (int i = 0; i < 70; ++i) writer->send(std::string(1023, 'x'));
    CHECK(writer->stats().writes >= 2);
    CHECK(writer->stats().unwritten < 64 * 1024);
    writer->release();
  }
}

TEST_CASE("line writer writes files plainly") {
  char path[] = "/tmp/quarry_line_writer_XXXXXX";
  const Fd file(::mkstemp(path));
  REQUIRE(file);
  ::unlink(path);
  LineWriter writer(file.get());
  writer.send("one");
  writer.send(std::string(100'000, 'x'));
  CHECK(writer.idle());
  CHECK(writer.flush_for(0ms));
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  CHECK(take_all(file) == "one\n" + std::string(100'000, 'x') + "\n");
}

TEST_CASE("line writer is broken from the start on a descriptor that cannot be written") {
  LineWriter writer(-1);
  writer.send("x");
  CHECK(writer.broken());
}

TEST_CASE("P1 P6 line writer lets no newline and no over-long line out") {
  static std::vector<std::string> bugs;
  bugs.clear();
  Ends ends(Wire::kPipe);
  LineWriter writer(ends.server.get(),
                    {.on_own_bug = [](std::string_view what) { bugs.emplace_back(what); }});
  writer.send("{\"a\":\n1}\n");
  CHECK(take(ends.client, 100) == "{\"a\": 1} \n");
  writer.send(std::string(kMaxLineOut, 'x'));
  writer.send("next");
  CHECK(take(ends.client, 100) == "next\n");
  CHECK(bugs == std::vector<std::string>{"an outgoing line contained a newline",
                                         "an outgoing line of 8 MiB or more was dropped"});
}

TEST_CASE("line writer as a sink delivers a reply's line") {
  Ends ends(Wire::kSocket);
  LineWriter writer(ends.server.get());
  const std::shared_ptr<ReplySink> sink = writer.sink();
  CHECK(sink.use_count() == 0);  // owns nothing
  sink->deliver("{}");
  sink->dropped();
  CHECK(take(ends.client, 100) == "{}\n");
}

}  // namespace
}  // namespace quarry::rpc
