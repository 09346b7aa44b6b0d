#include "server/mcp/client_pace.h"

#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "server/base/fd.h"
#include "tests/support/turned_clock.h"

namespace quarry::mcp {
namespace {

TEST_CASE("a client that takes a part of one long answer has not stopped reading") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd client(ends[0]);
  const Fd server(ends[1]);
  test::TurnedClock clock;
  rpc::LineWriter writer(server.get());
  ClientPace pace(writer, clock);
  constexpr std::size_t kAnswer = 1'000'000;
  std::thread worker([&] { writer.send(std::string(kAnswer, 'x')); });
  std::string part(50'000, '\0');
  for (std::size_t read = 0; read < kAnswer + 1;) {
    const std::uint64_t before = writer.taken();
    const ssize_t got = ::read(client.get(), part.data(), part.size());
    REQUIRE(got > 0);
    read += static_cast<std::size_t>(got);
    // The worker fills what has become free, until nothing is left.
    while (writer.taken() == before && before < kAnswer + 1) std::this_thread::yield();
    clock.now_ms += 800;
    const std::int64_t stalled = pace.stalled_ms();
    if (before < kAnswer + 1) CHECK(stalled == 0);
  }
  worker.join();
  CHECK(writer.taken() == kAnswer + 1);
}

TEST_CASE("a client that takes nothing stalls until it takes something") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Fd client(ends[0]);
  const Fd server(ends[1]);
  test::TurnedClock clock;
  rpc::LineWriter writer(server.get());
  writer.send(std::string(200'000, 'x'));  // by the reader thread, which does not wait
  ClientPace pace(writer, clock);
  clock.now_ms += 500;
  CHECK(pace.stalled_ms() == 500);
  clock.now_ms += 400;
  CHECK(pace.stalled_ms() == 900);
  std::string part(50'000, '\0');
  REQUIRE(::read(client.get(), part.data(), part.size()) > 0);
  (void)writer.drain();
  clock.now_ms += 100;
  CHECK(pace.stalled_ms() == 0);
}

}  // namespace
}  // namespace quarry::mcp
