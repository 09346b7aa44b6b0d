// Many mixed calls: nothing that a call takes stays behind. The long run is perf/load's --soak;
// QUARRY_LONG_TESTS=1 makes this one ten times as long.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace fs = std::filesystem;
namespace {

constexpr int kRound = 100;
constexpr int kWarmUp = 20'000;
constexpr int kSpan = 4'000;
constexpr std::size_t kSpans = 7;
// What a leak of sixteen bytes a call adds to the heap in one span. What the store keeps at hand of
// each session, until that table is full, is some 25 KiB of it.
constexpr std::int64_t kSpanSlack = std::int64_t{64} << 10U;
// And what all may add to it in the first spans, a table that doubles with it.
constexpr std::size_t kFirstSpans = 4;
constexpr std::int64_t kHeapSlack = std::int64_t{384} << 10U;

// The least of some counts: a cancelled search may still be letting go of its files.
std::ptrdiff_t descriptors_of(Client& client) {
  const std::string place = "/proc/" + std::to_string(client.process.pid()) + "/fd";
  std::ptrdiff_t least = std::distance(fs::directory_iterator(place), {});
  for (int i = 0; i < 200; ++i) {
    client.alive();
    least = std::min(least, std::distance(fs::directory_iterator(place), {}));
  }
  return least;
}

std::ptrdiff_t threads_of(int pid) {
  return std::distance(fs::directory_iterator("/proc/" + std::to_string(pid) + "/task"), {});
}

Json memory(Client& client) {
  return client.request("memory", "tools/call",
                        {{"name", "server_status"},
                         {"arguments", {{"detail", "memory"}}}})["result"]["structuredContent"];
}

// Without what is kept for the next calls, which the server tells: a machine that gets to sixty
// calls at once keeps 300 KiB more than one that has six, and may get there late.
std::int64_t live_bytes(Client& client) {
  const Json now = memory(client);
  const Json& kept = now["kept_for_reuse"];
  return now["heap_live_bytes"].get<std::int64_t>() - kept["call_bytes"].get<std::int64_t>() -
         kept["writer_bytes"].get<std::int64_t>();
}

// What the heap grew by in the span that is in the middle of all by that: a leak grows in each.
std::int64_t usual_growth(const std::vector<std::int64_t>& live) {
  std::vector<std::int64_t> growth;
  for (std::size_t i = 1; i < live.size(); ++i) growth.push_back(live[i] - live[i - 1]);
  std::sort(growth.begin(), growth.end());
  return growth.at(growth.size() / 2);
}

// kRound calls in flight at once, each answered as it must be.
void play(Client& client, int first) {
  const std::string handle =
      client.request("open", "tools/call",
                     {{"name", "session_open"},
                      {"arguments", {{"root", "d0"}}}})["result"]["structuredContent"]["session"];
  std::string lines;
  int answers = 0;
  for (int i = 0; i < kRound - 2; ++i) {
    const std::string id = std::to_string(first + i);
    switch (i % 8) {
      case 0:
        lines += call_of("good" + id, "session_status", {{"session", handle}}).dump();
        break;
      case 1:
      case 2:
        lines += call_of("good" + id, "read_file", {{"path", "d1/f1.txt"}}).dump();
        break;
      case 3:
        lines +=
            call_of("good" + id, "read_file", {{"path", "f2.txt"}, {"session", handle}}).dump();
        break;
      case 4:
        lines += call_of("good" + id, "list_directory").dump();
        break;
      case 5:
        lines += call_of("bad" + id, "read_file", {{"path", "no/such/file"}}).dump();
        break;
      case 6:
        lines += i == 6 ? call_of("good" + id, "grep", {{"pattern", "3"}, {"path", "d2"}}).dump()
                        : call_of("bad" + id, "read_file", {{"path", "f"}, {"offset", -1}}).dump();
        break;
      default:
        if (i == 7) {
          lines += call_of("good" + id, "glob", {{"pattern", "**/f3.txt"}}).dump();
          break;
        }
        lines += call_of("gone" + id, "grep", {{"pattern", "(a+)+c"}}).dump() + "\n" +
                 cancel_of("gone" + id).dump();
        --answers;
    }
    lines += "\n";
    ++answers;
  }
  lines += call_of("good-close", "session_close", {{"session", handle}}).dump() + "\n";
  ++answers;
  REQUIRE(client.process.write_while_reading(lines));
  while (answers > 0) {
    const auto line = client.process.read_line();
    REQUIRE(line);
    const Json answer = Json::parse(*line);
    const std::string id = answer["id"];
    if (id.starts_with("gone")) continue;  // answered before the cancellation was read
    const bool failed = answer["result"].value("isError", false);
    if (failed != id.starts_with("bad")) FAIL(*line);
    --answers;
  }
}

TEST_CASE("RS-05 a soak of mixed calls leaves no memory, descriptor or thread behind") {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 40; ++i) {
    files["d" + std::to_string(i % 4) + "/f" + std::to_string(i / 4) + ".txt"] =
        "line " + std::to_string(i) + "\nand another one\n";
  }
  Client client({.files = files, .workers = 2});
  client.initialize();
  const std::size_t longer = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 10 : 1;
  int calls = 0;
  for (; calls < kWarmUp; calls += kRound) play(client, calls);
  std::vector<std::int64_t> live{live_bytes(client)};
  const std::ptrdiff_t descriptors = descriptors_of(client);
  const std::ptrdiff_t threads = threads_of(client.process.pid());
  for (std::size_t span = 0; span < kSpans * longer; ++span) {
    for (const int end = calls + kSpan; calls < end; calls += kRound) play(client, calls);
    live.push_back(live_bytes(client));
  }
  const Json after = memory(client);
  CHECK(after["cumulative"]["calls"].get<int>() > calls * 9 / 10);
  CHECK(descriptors_of(client) == descriptors);
  CHECK(threads_of(client.process.pid()) == threads);
  CAPTURE(live);
  if (!kSanitized) {
    CHECK(usual_growth(live) < kSpanSlack);
    CHECK(live.at(kFirstSpans) < live.front() + kHeapSlack);
  }
  CHECK(after["heavy_refused"] == 0);
  CHECK(after["kept_for_reuse"]["call_bytes"].get<std::int64_t>() <= std::int64_t{4} << 20U);
  CHECK(client.alive());
}

TEST_CASE("heavy work is declined while the server holds too much, light work is not") {
  Client client({.files = {{"a.txt", "hello\n"}},
                 .arguments = {"--memory-soft-mb", "1", "--memory-hard-mb", "1"}});
  client.initialize();
  // Held for as long as the server lives, until it is more than anything can give back. How much
  // that takes differs by allocator and kernel. Each search is another one: an answer that is kept
  // is no heavy work.
  Json answer = Json::object();
  for (int round = 0; round < 100 && !answer.value("isError", false); ++round) {
    for (int i = 0; i < 100; ++i) {
      client.request(i, "tools/call", {{"name", "session_open"}, {"arguments", Json::object()}});
    }
    const Json arguments = {{"pattern", "hello|" + std::to_string(round)}};
    answer = client.request("heavy", "tools/call",
                            {{"name", "grep"}, {"arguments", arguments}})["result"];
  }
  CHECK(answer["isError"] == true);
  CHECK(answer["content"][0]["text"].get<std::string>().starts_with("busy: memory"));
  const Json read = client.request("light", "tools/call",
                                   {{"name", "read_file"}, {"arguments", {{"path", "a.txt"}}}});
  CHECK_FALSE(read["result"].contains("isError"));
  CHECK(memory(client)["heavy_refused"] > 0);
}

}  // namespace
}  // namespace quarry::wire
