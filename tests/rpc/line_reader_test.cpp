#include "server/rpc/line_reader.h"

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/json/document.h"

namespace quarry::rpc {
namespace {

using Status = LineReader::Status;

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    out = Fd(ends[0]);
    in = Fd(ends[1]);
  }
  Fd out, in;
};

// Writes all of `bytes`, at most `step` at a time, and closes.
void feed(Fd fd, const std::string& bytes, std::size_t step) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(step, bytes.size() - at);
    const ssize_t wrote = ::write(fd.get(), bytes.data() + at, size);
    if (wrote < 0) return;  // the reader has gone: its checks say why
    at += static_cast<std::size_t>(wrote);
  }
}

// What the reader makes of `input` when it arrives in steps: lines, and "<too long>".
std::vector<std::string> check(const std::string& input, std::size_t step, std::size_t max_line) {
  Pipe pipe;
  std::thread writer(feed, std::move(pipe.in), input, step);
  LineReader reader(pipe.out.get(), max_line);
  std::vector<std::string> got;
  Line line;
  for (Status status; (status = reader.next(line)) != Status::kEnd;) {
    if (status == Status::kInterrupted) continue;
    if (status == Status::kTooLong) {
      CHECK(line.size() == 0);
      got.emplace_back("<too long>");
    } else {
      got.emplace_back(line.view());
    }
  }
  CHECK(reader.next(line) == Status::kEnd);
  writer.join();
  return got;
}

TEST_CASE("line reader finds the same lines however they arrive, RP-10 RP-11 RP-15") {
  using Lines = std::vector<std::string>;
  struct Row {
    const char* name;
    std::string input;
    Lines want;
  };
  const std::string big(300'000, 'b');
  const std::string edge(65536, 'e');
  const Row rows[] = {
      {"nothing", "", {}},
      {"one", "a\n", {"a"}},
      {"several", "a\nbc\ndef\n", {"a", "bc", "def"}},
      {"no last newline", "a\nbc", {"a", "bc"}},
      {"carriage returns", "a\r\nb\r\n\r\nc\r", {"a", "b", "c"}},
      {"only one return is dropped", "a\r\r\n", {"a\r"}},
      {"return inside", "a\rb\n", {"a\rb"}},
      {"blank lines", "\n\na\n\n \t \n\nb\n\n\n", {"a", "b"}},
      {"only blanks", "\n\n\r\n  ", {}},
      {"blanks around content stay", "  a \n\tb\t\n", {"  a ", "\tb\t"}},
      {"byte order mark", "\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}\n", {"{}", "\xEF\xBB\xBF{}"}},
      {"byte order mark alone", "\xEF\xBB\xBF\na\n", {"a"}},
      {"byte order mark behind a blank line", "\n\xEF\xBB\xBF{}\n", {"\xEF\xBB\xBF{}"}},
      {"NUL and high bytes",
       std::string("\0a\xFF\n\xC3\xA9\n", 7),
       {std::string("\0a\xFF", 3), "\xC3\xA9"}},
      {"big", "a\n" + big + "\nb\n" + big, {"a", big, "b", big}},
      {"big with return", big + "\r\n" + big + "\r", {big, big}},
      {"big with mark", "\xEF\xBB\xBF" + big + "\n", {big}},
      {"as long as the buffer",
       edge + "\n" + edge + "x\n" + edge.substr(1) + "\nz",
       {edge, edge + "x", edge.substr(1), "z"}},
      {"exactly the limit",
       std::string(1'000'000, 'x') + "\n" + std::string(1'000'000, 'y') + "\r\n",
       {std::string(1'000'000, 'x'), std::string(1'000'000, 'y')}},
      {"over the limit", "a\n" + std::string(1'000'001, 'x') + "\nb\n", {"a", "<too long>", "b"}},
      {"far over the limit, twice",
       std::string(3'000'000, 'x') + "\n" + std::string(3'000'000, 'x') + "\nb",
       {"<too long>", "<too long>", "b"}},
      {"over the limit at the end", "a\n" + std::string(2'000'000, 'x'), {"a", "<too long>"}},
  };
  for (const Row& row : rows) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{7}, std::size_t{65536}, std::size_t{10'000'000}}) {
      if (step < 100 && row.input.size() > 10'000) continue;
      INFO(row.name << ", in steps of " << step);
      CHECK(check(row.input, step, 1'000'000) == row.want);
    }
  }
}

TEST_CASE("line reader honours a limit below its buffer's size") {
  CHECK(check("12345\n123456\n12\n123456", 3, 5) ==
        std::vector<std::string>{"12345", "<too long>", "12", "<too long>"});
}

TEST_CASE("line reader lines are followed by readable padding") {
  Pipe pipe;
  feed(std::move(pipe.in), "abc\n" + std::string(1000, 'x') + "\n", 5000);
  LineReader reader(pipe.out.get(), 5000);
  Line line;
  json::Parser parser;
  while (reader.next(line) == Status::kLine) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < json::kPadding; ++i)
      sum += static_cast<unsigned char>(line.view().data()[line.size() + i]);
    CHECK(sum == 0);
  }
}

TEST_CASE("line reader knows what is buffered, and blank lines do not count") {
  Pipe pipe;
  feed(std::move(pipe.in), "a\nb\n\n \r\nc\n\n\n", 100);
  LineReader reader(pipe.out.get(), 100);
  Line line;
  CHECK_FALSE(reader.buffered());
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(reader.buffered());
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(reader.buffered());
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(line.view() == "c");
  CHECK_FALSE(reader.buffered());
  CHECK(reader.next(line) == Status::kEnd);
}

TEST_CASE("line reader reads once a call, so that a part of a line does not block") {
  Pipe pipe;  // blocking
  LineReader reader(pipe.out.get(), 1'000'000);
  Line line;
  const auto put = [&](std::string_view bytes) {
    REQUIRE(::write(pipe.in.get(), bytes.data(), bytes.size()) ==
            static_cast<ssize_t>(bytes.size()));
  };
  put("{\"a\"");
  CHECK(reader.next(line) == Status::kInterrupted);
  put("\n \n");
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(line.view() == "{\"a\"");
  CHECK_FALSE(reader.buffered());
  put("\n\n");
  CHECK(reader.next(line) == Status::kInterrupted);
  put(std::string(40'000, 'x'));
  CHECK(reader.next(line) == Status::kInterrupted);
  put(std::string(40'000, 'x'));
  CHECK(reader.next(line) == Status::kInterrupted);
  put("\nb");
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(line.size() == 80'000);
  pipe.in.reset();
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(line.view() == "b");
  CHECK(reader.next(line) == Status::kEnd);
}

TEST_CASE("line reader works on a non-blocking descriptor") {
  Pipe pipe;
  REQUIRE(::fcntl(pipe.out.get(), F_SETFL, O_NONBLOCK) == 0);
  LineReader reader(pipe.out.get(), 1'000'000);
  Line line;
  const auto put = [&](const std::string& bytes) {
    REQUIRE(::write(pipe.in.get(), bytes.data(), bytes.size()) ==
            static_cast<ssize_t>(bytes.size()));
  };
  CHECK(reader.next(line) == Status::kInterrupted);
  put("ab");
  CHECK(reader.next(line) == Status::kInterrupted);
  put("c\nd");
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(line.view() == "abc");
  CHECK(reader.next(line) == Status::kInterrupted);
  // Long lines, interrupted many times and with another Line each time.
  for (const int pieces : {19, 20}) {
    std::string want = pieces == 19 ? "d" : "";
    for (int i = 0; i < pieces; ++i) {
      const std::string piece(50'000, static_cast<char>('a' + i));
      want += piece;
      put(piece);
      Line other;
      CHECK(reader.next(other) == Status::kInterrupted);
      CHECK(reader.next(other) == Status::kInterrupted);
    }
    put(pieces == 19 ? "\n" : "x\n");
    if (pieces == 19) {
      REQUIRE(reader.next(line) == Status::kLine);
      CHECK(line.view() == want);
    } else {
      CHECK(reader.next(line) == Status::kTooLong);
    }
  }
  put("z\n");
  REQUIRE(reader.next(line) == Status::kLine);
  CHECK(line.view() == "z");
  pipe.in.reset();
  CHECK(reader.next(line) == Status::kEnd);
}

TEST_CASE("line reader reports a signal") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  Pipe pipe;
  LineReader reader(pipe.out.get(), 100);
  const pthread_t self = ::pthread_self();
  std::atomic<bool> seen{false};
  std::thread signaller([&] {
    while (!seen) {
      ::pthread_kill(self, SIGUSR1);
      ::usleep(1000);
    }
  });
  Line line;
  CHECK(reader.next(line) == Status::kInterrupted);
  seen = true;
  signaller.join();
  REQUIRE(::sigaction(SIGUSR1, &before, nullptr) == 0);
}

TEST_CASE("line reader ends on a descriptor that cannot be read") {
  LineReader reader(-1, 100);
  Line line;
  CHECK(reader.next(line) == Status::kEnd);
  CHECK(reader.next(line) == Status::kEnd);
}

TEST_CASE("line reader memory is bounded by the limit, and a long line's is given back, RP-09") {
  constexpr std::size_t kLimit = 1'000'000;
  Pipe pipe;
  std::thread writer([fd = std::move(pipe.in)]() mutable {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 100; ++i)
      if (::write(fd.get(), piece.data(), piece.size()) < 0) return;
    const std::string rest = "\n" + std::string(900'000, 'y') + "\nz\n";
    feed(std::move(fd), rest, rest.size());
  });
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  LineReader reader(pipe.out.get(), kLimit);
  Line line;
  const auto next = [&] {
    Status status = Status::kInterrupted;
    while (status == Status::kInterrupted) status = reader.next(line);
    return status;
  };
  CHECK(next() == Status::kTooLong);
  REQUIRE(next() == Status::kLine);
  CHECK(line.size() == 900'000);
  CHECK(line.capacity() <= 4 * kLimit);
  REQUIRE(next() == Status::kLine);
  CHECK(line.view() == "z");
  CHECK(line.capacity() <= Line::kKeptBytes);
  writer.join();
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_maxrss - before.ru_maxrss < 30'000);  // KiB, of 100 MiB sent
}

TEST_CASE("a line can be moved without moving its bytes") {
  Line line;
  line.assign("abc");
  const char* const bytes = line.view().data();
  Line moved = std::move(line);
  CHECK(moved.view().data() == bytes);
  CHECK(line.view().empty());
  line = std::move(moved);
  CHECK(line.view() == "abc");
  CHECK(line.view().data() == bytes);
  line.append(std::string(1'000'000, 'x'));
  CHECK(line.size() == 1'000'003);
  line.clear();
  CHECK(line.capacity() == 0);
}

}  // namespace
}  // namespace quarry::rpc
