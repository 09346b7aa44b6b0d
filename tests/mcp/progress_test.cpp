#include "server/mcp/progress.h"

#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "server/base/fd.h"

namespace quarry::mcp {
namespace {

class SteppedClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ns; }
  std::int64_t wall_ms() const override { return now_ns / 1'000'000; }
  std::int64_t now_ns = 1'000'000'000;
};

constexpr std::int64_t kMs = 1'000'000;

// A call's progress, and the notifications that it wrote.
struct Watched {
  Watched() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
    wire = std::make_unique<rpc::LineWriter>(write_end.get());
    progress = std::make_unique<CallProgress>(clock, *wire);
  }
  std::vector<nlohmann::json> written() {
    std::string text(1 << 16, '\0');
    const ssize_t got = read(read_end.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::vector<nlohmann::json> lines;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1) {
      lines.push_back(nlohmann::json::parse(text.substr(at, end - at)));
    }
    return lines;
  }

  SteppedClock clock;
  Fd read_end, write_end;
  std::unique_ptr<rpc::LineWriter> wire;
  std::unique_ptr<CallProgress> progress;
};

TEST_CASE("progress P63 is sent at most five times a second") {
  Watched call;
  call.progress->open("7", Revision::k2025_11_25);
  for (int i = 1; i <= 100; ++i) {
    call.clock.now_ns += 20 * kMs;
    call.progress->report(i, 100, "step");
  }
  const auto lines = call.written();
  CHECK(lines.size() == 10);
  CHECK(lines.front()["params"]["progressToken"] == 7);
}

TEST_CASE("progress P63 tells once in ten seconds that a silent call works") {
  Watched call;
  call.progress->open("\"t\"", Revision::k2025_11_25);
  for (int second = 0; second < 35; ++second) {
    call.clock.now_ns += 1000 * kMs;
    call.progress->beat();
  }
  const auto lines = call.written();
  CHECK(lines.size() == 3);
  double last = 0;
  for (const auto& line : lines) {
    CHECK(line["params"]["progress"].get<double>() > last);
    last = line["params"]["progress"].get<double>();
  }
  // A real step is still further on.
  call.clock.now_ns += 1000 * kMs;
  call.progress->report(1, 0, "");
  CHECK(call.written().at(0)["params"]["progress"].get<double>() > last);
}

TEST_CASE("progress P62 increases strictly however often the same is reported") {
  for (const std::int64_t done : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1} << 30}) {
    INFO(done);
    Watched call;
    call.progress->open("1", Revision::k2025_11_25);
    double last = 0;
    for (int i = 0; i < 1000; ++i) {
      call.clock.now_ns += 200 * kMs;
      call.progress->report(done, 0, "");
      const auto lines = call.written();
      REQUIRE(lines.size() == 1);
      const auto sent = lines[0]["params"]["progress"].get<double>();
      REQUIRE(sent > last);
      REQUIRE(sent < static_cast<double>(done + 1));
      last = sent;
    }
  }
}

TEST_CASE("progress P62 says nothing once closed, or without a token") {
  Watched call;
  call.clock.now_ns += 1000 * kMs;
  call.progress->report(1, 2, "no token");
  call.progress->open("1", Revision::k2024_11_05);
  call.clock.now_ns += 1000 * kMs;
  call.progress->report(1, 2, "no message in 2024-11-05");
  const auto lines = call.written();
  REQUIRE(lines.size() == 1);
  CHECK_FALSE(lines[0]["params"].contains("message"));
  call.progress->close();
  call.clock.now_ns += 60'000 * kMs;
  call.progress->report(2, 2, "late");
  call.progress->beat();
  CHECK(call.written().empty());
}

}  // namespace
}  // namespace quarry::mcp
