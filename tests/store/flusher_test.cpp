#include "server/store/flusher.h"

#include <chrono>
#include <deque>
#include <utility>

#include <catch2/catch.hpp>

namespace quarry::store {
namespace {

using std::chrono::milliseconds;

// Turned by hand: what is asked for waits here.
class CrankedBackground final : public Background {
 public:
  void after(milliseconds delay, std::function<void()> work) override {
    if (delay < milliseconds(60'000)) works.emplace_back(delay, std::move(work));
  }
  // The delay of the oldest work, which is run.
  milliseconds run_one() {
    REQUIRE_FALSE(works.empty());
    auto [delay, work] = std::move(works.front());
    works.pop_front();
    work();
    return delay;
  }
  std::deque<std::pair<milliseconds, std::function<void()>>> works;
};

class HandClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ns; }
  std::int64_t wall_ms() const override { return 0; }
  std::int64_t now_ns = 0;
};

struct Flushes {
  std::unique_ptr<Flusher> make(Background* given) {
    return std::make_unique<Flusher>(Flusher::Parts{.background = given,
                                                    .clock = clock,
                                                    .flush = [this]() -> Result<bool> {
                                                      ++flushes;
                                                      if (refuses)
                                                        return fail(Code::kUnavailable, "no space");
                                                      const bool some = pending;
                                                      pending = false;
                                                      return some;
                                                    },
                                                    .is_pending = [this] { return pending; },
                                                    .clear_dead_readers = [] {}});
  }
  HandClock clock;
  CrankedBackground background;
  bool pending = false;
  bool refuses = false;
  int flushes = 0;
};

TEST_CASE("flusher flushes once for all changes that come before it") {
  Flushes world;
  const auto flusher = world.make(&world.background);
  for (int i = 0; i < 10; ++i) {
    world.pending = true;
    CHECK_FALSE(flusher->changed(false));
  }
  CHECK(world.background.works.size() == 1);
  CHECK(world.background.run_one() == milliseconds(10));
  CHECK(world.flushes == 1);
  CHECK(world.background.works.empty());
  flusher->changed(false);
  CHECK(world.background.works.size() == 1);
}

TEST_CASE("flusher hurries when much is pending") {
  Flushes world;
  const auto flusher = world.make(&world.background);
  world.pending = true;
  flusher->changed(true);
  flusher->changed(true);
  REQUIRE(world.background.works.size() == 2);
  CHECK(world.background.works.back().first == milliseconds(0));
  for (int i = 0; i < 2000; ++i) flusher->changed(false);
  CHECK(world.background.works.size() == 2);
}

TEST_CASE("flusher tries again, less and less often, while the disk refuses") {
  Flushes world;
  const auto flusher = world.make(&world.background);
  world.pending = true;
  world.refuses = true;
  flusher->changed(false);
  milliseconds last(0);
  for (int i = 0; i < 15; ++i) {
    const milliseconds delay = world.background.run_one();
    CHECK(delay >= last);
    CHECK(delay <= milliseconds(5000));
    last = delay;
    REQUIRE(world.background.works.size() == 1);
    flusher->changed(true);  // changes nothing: it is known that the disk refuses
    REQUIRE(world.background.works.size() == 1);
  }
  CHECK(last == milliseconds(5000));
  world.refuses = false;
  world.background.run_one();
  CHECK(world.background.works.empty());
  world.pending = true;
  flusher->changed(false);
  CHECK(world.background.run_one() == milliseconds(10));
}

TEST_CASE("flusher flushes what was left by others at once") {
  Flushes world;
  world.pending = true;
  const auto flusher = world.make(&world.background);
  CHECK(world.background.run_one() == milliseconds(10));
  CHECK(world.flushes == 1);
}

TEST_CASE("flusher that is gone does nothing any more") {
  Flushes world;
  auto flusher = world.make(&world.background);
  flusher->changed(false);
  flusher.reset();
  world.background.run_one();
  CHECK(world.flushes == 0);
}

TEST_CASE("flusher without a background lets the change flush that finds the last one long ago") {
  Flushes world;
  const auto flusher = world.make(nullptr);
  world.pending = true;
  CHECK_FALSE(flusher->changed(false));
  world.clock.now_ns += 11'000'000;
  CHECK(flusher->changed(false));
  CHECK(world.flushes == 1);
  CHECK_FALSE(flusher->changed(false));
  CHECK(flusher->changed(true));
}

}  // namespace
}  // namespace quarry::store
