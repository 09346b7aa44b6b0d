#include "server/watch/trees.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_workspace.h"

namespace quarry::watch {
namespace {

class HandClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ns; }
  std::int64_t wall_ms() const override { return now_ns / 1'000'000; }
  std::int64_t now_ns = 1;
};

// Works that wait until the test runs them.
class HandBackground final : public Background {
 public:
  void after(std::chrono::milliseconds /*delay*/, std::function<void()> work) override {
    works.push_back(std::move(work));
  }
  void run_all() {
    for (auto& work : std::exchange(works, {})) work();
  }
  std::vector<std::function<void()>> works;
};

std::shared_ptr<const sandbox::Workspace> open(const test::TempWorkspace& workspace) {
  return sandbox::Workspace::open(workspace.root()).value();
}

TEST_CASE("sessions on one root share a tree, and another root has its own") {
  const test::TempWorkspace one, two;
  const auto first = open(one), second = open(two);
  HandClock clock;
  Trees trees(clock, nullptr, {}, [](std::uint64_t) {});
  const auto tree = trees.find(first);
  CHECK(trees.find(first) == tree);
  CHECK(trees.find(second) != tree);
  CHECK(trees.find(second)->serial() != tree->serial());
}

TEST_CASE("a tree is let go of when it is unused or its last session is gone") {
  const test::TempWorkspace one, two;
  auto first = open(one);
  const auto second = open(two);
  HandClock clock;
  HandBackground background;
  std::vector<std::uint64_t> dropped;
  Trees trees(clock, &background, {}, [&](std::uint64_t serial) { dropped.push_back(serial); });
  const std::uint64_t one_serial = trees.find(first)->serial();
  const std::uint64_t two_serial = trees.find(second)->serial();
  background.run_all();
  CHECK(dropped.empty());
  first.reset();
  background.run_all();
  CHECK(dropped == std::vector<std::uint64_t>{one_serial});
  clock.now_ns += Trees::kUnusedNs + 1;
  background.run_all();
  CHECK(dropped == std::vector<std::uint64_t>{one_serial, two_serial});
  CHECK(trees.standing().empty());
  CHECK(background.works.empty());
  CHECK(trees.find(second)->serial() != two_serial);
}

TEST_CASE("without a background trees are swept by the way") {
  const test::TempWorkspace one, two;
  auto first = open(one);
  const auto second = open(two);
  HandClock clock;
  Trees trees(clock, nullptr, {}, [](std::uint64_t) {});
  (void)trees.find(first);
  first.reset();
  clock.now_ns += Trees::kUnusedNs;
  (void)trees.find(second);
  CHECK(trees.standing().size() == 1);
}

TEST_CASE("a sweep that comes after the end does nothing") {
  const test::TempWorkspace one;
  const auto first = open(one);
  HandClock clock;
  HandBackground background;
  {
    Trees trees(clock, &background, {}, [](std::uint64_t) {});
    (void)trees.find(first);
  }
  REQUIRE(background.works.size() == 1);
  background.run_all();
}

}  // namespace
}  // namespace quarry::watch
