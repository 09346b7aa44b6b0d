// A tree under a Tree that watches it, and the epochs it tells.

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <thread>

#include <catch2/catch.hpp>

#include "server/base/clock.h"
#include "server/watch/tree.h"
#include "tests/support/temp_workspace.h"

namespace quarry::watch {

struct TreeFixture {
  explicit TreeFixture(const TreeLimits& limits = {})
      : files(sandbox::Workspace::open(workspace.root()).value()), limits_(limits) {}

  // As after the second call, with the work done.
  void begin() {
    tree = std::make_unique<Tree>(1, files, clock, quota, limits_);
    (void)tree->use();
    catch_up();
  }
  void catch_up() {
    for (int i = 0; i < 100 && tree->use(); ++i) tree->work();
  }
  // The epochs after whatever work is due; fails when there are none.
  Epochs epochs() {
    for (int i = 0; i < 1000; ++i) {
      if (const auto now = tree->epochs()) return *now;
      if (tree->use()) tree->work();
      std::this_thread::sleep_for(std::chrono::microseconds(i));  // a rest after a loss
    }
    INFO(tree->standing().why);
    FAIL("the tree does not settle");
    return {};
  }

  test::TempWorkspace workspace;
  SystemClock clock;
  Quota quota;
  std::shared_ptr<const sandbox::Workspace> files;
  std::unique_ptr<Tree> tree;

 private:
  const TreeLimits limits_;
};

// What is done to a tree once it is watched.
struct TreeChange {
  const char* name;
  std::function<void(const test::TempWorkspace&)> before;  // may be empty
  std::function<void(const test::TempWorkspace&)> change;
};

// Each moves the epoch of the tree, once.
inline void check_that_each_moves_the_tree(std::span<const TreeChange> changes) {
  for (const TreeChange& row : changes) {
    TreeFixture fixture;
    if (row.before) row.before(fixture.workspace);
    fixture.begin();
    const Epochs before = fixture.epochs();
    INFO(row.name);
    REQUIRE(fixture.epochs() == before);
    row.change(fixture.workspace);
    CHECK(fixture.epochs().tree != before.tree);
    const Epochs after = fixture.epochs();
    CHECK(fixture.epochs() == after);
  }
}

}  // namespace quarry::watch
