// What is measured are right answers only.

#include "perf/load/measure.h"

#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

namespace quarry::perf {
namespace {

constexpr const char* kRight = R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})";
constexpr const char* kRefused = R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000}})";
constexpr const char* kFailed =
    R"({"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}})";
// Words of a file that was read.
constexpr const char* kQuoting =
    R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\"isError\":true}}"}]}})";

// A peer that answers everything rightly but for the third request.
std::vector<std::string> answering(const std::string& third) {
  return {"/bin/sh", "-c",
          "n=0; while read -r line; do n=$((n+1)); "
          "if [ $n = 3 ]; then printf '%s\\n' \"$0\"; else printf '%s\\n' \"$1\"; fi; done",
          third, kRight};
}

TEST_CASE("an answer is told from an error") {
  CHECK_FALSE(is_failure(kRight));
  CHECK_FALSE(is_failure(kQuoting));
  CHECK(is_failure(kRefused));
  CHECK(is_failure(kFailed));
}

TEST_CASE("an error among the answers is not measured") {
  const Round round = {"{}\n"};
  for (const char* third : {kRefused, kFailed}) {
    INFO(third);
    {
      Peer peer(answering(third));
      Peer floor(answering(kRight));
      CHECK_THROWS_AS(measure_latency(peer, {round}, floor, {round}, 10, 0), std::runtime_error);
    }
    Peer peer(answering(third));
    CHECK_THROWS_AS(measure_throughput(peer, "{}\n", 10, 4), std::runtime_error);
  }
  Peer peer(answering(kQuoting));
  Peer floor(answering(kRight));
  CHECK(measure_latency(peer, {round}, floor, {round}, 10, 0).peer.rounds == 10);
  CHECK(measure_throughput(peer, "{}\n", 10, 4) > 0);
}

TEST_CASE("lines that arrive in pieces are received whole, however much came before") {
  // More than the buffer holds, all in all.
  Peer peer({"/bin/sh", "-c",
             "long=$(head -c 60000 /dev/zero | tr '\\0' x); read -r line; i=0; "
             "while [ $i -lt 150 ]; do printf '%s' \"$long\"; printf '%s\\n' \"$i\"; i=$((i+1)); "
             "done; read -r line"});
  peer.send("go\n");
  for (int i = 0; i < 150; ++i) {
    const std::string line(peer.receive());
    REQUIRE(line == std::string(60'000, 'x') + std::to_string(i));
  }
  CHECK_FALSE(peer.has_line());
}

}  // namespace
}  // namespace quarry::perf
