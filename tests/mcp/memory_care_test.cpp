#include "server/mcp/memory_care.h"

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "server/base/fd.h"
#include "tests/support/hand_background.h"

namespace quarry::mcp {
namespace {

constexpr std::int64_t kMib = std::int64_t{1} << 20U;

class HandClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ms * 1'000'000; }
  std::int64_t wall_ms() const override { return 1'700'000'000'000 + now_ms; }
  std::int64_t now_ms = 1000;
};

// A process whose memory a test makes up; giving back leaves what is live.
class MadeUpMemory final : public metrics::ProcessMemory {
 public:
  std::int64_t resident() const override {
    ++looks;
    return held;
  }
  void give_back() const override { held = used; }

  mutable std::int64_t held = 10 * kMib;
  std::int64_t used = 10 * kMib;
  mutable int looks = 0;
};

struct Cared {
  HandClock clock;
  Fd null{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  rpc::LineWriter writer{null.get()};
  CallPool calls{clock, writer};
  MadeUpMemory memory;
  test::HandBackground background;
  MemoryCare care{{.calls = calls,
                   .memory = memory,
                   .clock = clock,
                   .background = &background,
                   .limits = {.soft_bytes = 40 * kMib, .hard_bytes = 100 * kMib}}};

  void small_calls(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) care.call_ended(100, 100, false);
  }
};

TEST_CASE("memory: a few small calls neither look nor arm anything") {
  Cared world;
  world.small_calls(MemoryCare::kCallsPerLook - 1);
  CHECK(world.memory.looks == 0);
  CHECK(world.background.waiting() == 0);
  world.small_calls(1);
  CHECK(world.memory.looks == 1);
  CHECK(world.background.waiting() == 1);
  CHECK(world.care.calls() == MemoryCare::kCallsPerLook);
  CHECK(world.care.request_bytes() == 100 * MemoryCare::kCallsPerLook);
}

TEST_CASE("memory: an idle server gives back once what it held notably more than it uses") {
  Cared world;
  world.care.call_ended(100, 100, true);
  world.memory.held = 30 * kMib;
  world.calls.give_back(world.calls.take());
  CHECK(world.care.kept().calls == 1);
  CHECK(world.background.advance(MemoryCare::kIdle) == 1);
  CHECK(world.memory.held == 10 * kMib);
  CHECK(world.care.kept().calls == 0);
  const MemoryCare::Stats stats = world.care.stats();
  CHECK(stats.idle_trims == 1);
  CHECK(stats.given_back == 20 * kMib);
  CHECK(stats.last_trim_ms == world.clock.wall_ms());
  // No timer goes on.
  CHECK(world.background.waiting() == 0);
}

TEST_CASE("memory: a server in use is not idle, and is looked at again") {
  Cared world;
  world.memory.held = 30 * kMib;
  world.care.call_ended(100, 100, true);
  world.small_calls(1);
  CHECK(world.background.advance(MemoryCare::kIdle) == 1);
  CHECK(world.care.stats().idle_trims == 0);
  CHECK(world.background.waiting() == 1);
  world.background.advance(MemoryCare::kIdle);
  CHECK(world.care.stats().idle_trims == 1);
}

TEST_CASE("memory: what is hardly more than the last trim left is left alone") {
  Cared world;
  world.memory.held = world.memory.used = 30 * kMib;
  world.care.call_ended(100, 100, true);
  world.background.advance(MemoryCare::kIdle);
  CHECK(world.care.stats().idle_trims == 1);  // the first is always worth it
  world.memory.held = 30 * kMib + MemoryCare::kIdleGrowth;
  world.care.call_ended(100, 100, true);
  world.background.advance(MemoryCare::kIdle);
  CHECK(world.care.stats().idle_trims == 1);
  world.memory.held += 1;
  world.care.call_ended(100, 100, true);
  world.background.advance(MemoryCare::kIdle);
  CHECK(world.care.stats().idle_trims == 2);
}

TEST_CASE("memory: what grows while calls go on is given back now and then") {
  Cared world;
  world.small_calls(MemoryCare::kCallsPerLook);  // the first look says what is usual
  world.memory.held = 10 * kMib + MemoryCare::kGrowth;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().growth_trims == 0);
  world.memory.held += 1;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().growth_trims == 1);
  CHECK(world.memory.held == 10 * kMib);
  world.memory.held = 20 * kMib;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().growth_trims == 1);
  world.clock.now_ms += MemoryCare::kTrimGapMs;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().growth_trims == 2);
  CHECK(world.care.stats().pressure_trims == 0);
}

TEST_CASE("memory: beyond the soft limit it is given back at once, and not over and over") {
  Cared world;
  world.memory.held = 40 * kMib;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().pressure_trims == 0);
  world.memory.held = 40 * kMib + 1;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().pressure_trims == 1);
  world.memory.held = 60 * kMib;
  world.small_calls(10 * MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().pressure_trims == 1);
  world.clock.now_ms += MemoryCare::kTrimGapMs;
  world.small_calls(MemoryCare::kCallsPerLook);
  CHECK(world.care.stats().pressure_trims == 2);
}

TEST_CASE("memory: heavy work is declined beyond four fifths of the hard limit until it falls") {
  Cared world;
  world.memory.held = world.memory.used = 80 * kMib;
  CHECK(world.care.admit_heavy());
  world.memory.held = world.memory.used = 80 * kMib + 1;
  // The last look counts for a little while.
  CHECK(world.care.admit_heavy());
  world.clock.now_ms += MemoryCare::kLookGapMs;
  const auto refused = world.care.admit_heavy();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kUnavailable);
  CHECK(refused.error().message.starts_with("busy: memory: "));
  CHECK(refused.error().message.find("80 MiB") != std::string::npos);
  CHECK(world.care.stats().refused == 1);
  world.memory.held = world.memory.used = 80 * kMib;
  CHECK_FALSE(world.care.admit_heavy());
  world.clock.now_ms += MemoryCare::kLookGapMs;
  CHECK(world.care.admit_heavy());
}

TEST_CASE("memory: what a trim can free is no reason to decline") {
  Cared world;
  world.memory.held = 90 * kMib;
  CHECK(world.care.admit_heavy());
  CHECK(world.care.stats().pressure_trims == 1);
}

TEST_CASE("memory: the process's own figures move with what it takes") {
  const metrics::SystemMemory memory;
  const std::int64_t resident = memory.resident();
  const std::int64_t faults = metrics::read_memory_figures().page_faults;
  [[maybe_unused]] const std::int64_t live = metrics::read_memory_figures().heap_live_bytes;
  REQUIRE(resident > 0);
  {
    const std::string big(32 * kMib, 'x');
    CHECK(memory.resident() >= resident + 24 * kMib);
    const metrics::MemoryFigures figures = metrics::read_memory_figures();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(figures.heap_live_bytes >= live + 32 * kMib);
#endif
    CHECK(figures.rss_anon_bytes >= 32 * kMib);
    CHECK(figures.rss_file_bytes > 0);
    CHECK(figures.page_faults > faults);
    CHECK(figures.rss_bytes == figures.rss_anon_bytes + figures.rss_file_bytes);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // which have their own allocator
TEST_CASE("memory: what calls give back is kept for the next ones until it is asked for") {
  metrics::keep_freed_memory();
  const metrics::SystemMemory memory;
  const auto faults_of = [](int rounds) {
    const std::int64_t before = metrics::read_memory_figures().page_faults;
    for (int i = 0; i < rounds; ++i) {
      const std::vector<std::string> buffers(2, std::string(kMib, 'x'));
      CHECK(buffers.size() == 2);
    }
    return metrics::read_memory_figures().page_faults - before;
  };
  faults_of(1);
  CHECK(faults_of(50) < 100);
  const std::int64_t kept = memory.resident();
  memory.give_back();
  CHECK(memory.resident() < kept - 2 * kMib);
}
#endif

TEST_CASE("memory: the pool of calls frees what one huge line needed") {
  Cared world;
  json::Parser parser;
  std::string huge = "[0";
  for (int i = 0; i < 90'000; ++i) huge += ",0";
  huge += "]";
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(world.calls.take());
    calls.back()->line.assign(huge);
    REQUIRE(calls.back()->document.parse(parser, calls.back()->line.view()));
    calls.back()->answer.assign(std::size_t{1} << 20U, 'x');
  }
  for (auto& call : calls) world.calls.give_back(std::move(call));
  CHECK(world.care.kept().calls == 8);
  CHECK(world.care.kept().bytes < 8 * (std::size_t{600} << 10U));
}

TEST_CASE("memory: the pool of calls keeps nothing that a call's tool wanted to note") {
  Cared world;
  auto call = world.calls.take();
  const auto noted = std::make_shared<const std::string>("the text of a file");
  call->output.on_sent = [noted] {};  // and the call is cancelled
  world.calls.give_back(std::move(call));
  CHECK(noted.use_count() == 1);
}

}  // namespace
}  // namespace quarry::mcp
