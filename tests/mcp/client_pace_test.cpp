#include "server/mcp/client_pace.h"

#include <array>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/base/fd.h"
#include "tests/support/turned_clock.h"

namespace quarry::mcp {
namespace {

// A client at the other end of a pipe.
struct PacedClient {
  PacedClient() : PacedClient(make()) {}

  Fd client;
  Fd server;
  test::TurnedClock clock;
  rpc::LineWriter writer{server.get()};

 private:
  explicit PacedClient(const std::array<int, 2>& ends) : client(ends[0]), server(ends[1]) {}
  static std::array<int, 2> make() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    return ends;
  }
};

TEST_CASE("a client that takes a part of one long answer has not stopped reading") {
  PacedClient at;
  ClientPace pace(at.writer, at.clock);
  constexpr std::size_t kAnswer = 1'000'000;
  std::thread worker([&] { at.writer.send(std::string(kAnswer, 'x')); });
  std::string part(50'000, '\0');
  for (std::size_t read = 0; read < kAnswer + 1;) {
    const std::uint64_t before = at.writer.taken();
    const ssize_t got = ::read(at.client.get(), part.data(), part.size());
    REQUIRE(got > 0);
    read += static_cast<std::size_t>(got);
    // The worker fills what has become free, until nothing is left.
    while (at.writer.taken() == before && before < kAnswer + 1) std::this_thread::yield();
    at.clock.now_ms += 800;
    const std::int64_t stalled = pace.stalled_ms();
    if (before < kAnswer + 1) CHECK(stalled == 0);
  }
  worker.join();
  CHECK(at.writer.taken() == kAnswer + 1);
}

TEST_CASE("a client that takes nothing stalls until it takes something") {
  PacedClient at;
  at.writer.send(std::string(200'000, 'x'));  // by the reader thread, which does not wait
  ClientPace pace(at.writer, at.clock);
  at.clock.now_ms += 500;
  CHECK(pace.stalled_ms() == 500);
  at.clock.now_ms += 400;
  CHECK(pace.stalled_ms() == 900);
  std::string part(50'000, '\0');
  REQUIRE(::read(at.client.get(), part.data(), part.size()) > 0);
  (void)at.writer.drain();
  at.clock.now_ms += 100;
  CHECK(pace.stalled_ms() == 0);
}

}  // namespace
}  // namespace quarry::mcp
