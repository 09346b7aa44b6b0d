// A tree, a state directory and what changes files in it.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/change/changes.h"
#include "tests/support/temp_workspace.h"

namespace quarry::change::test {

struct World {
  explicit World(Limits limits = {})
      : changes(std::make_unique<Changes>(
            Changes::Config{.state_directory = state.root(), .sync = false, .limits = limits},
            clock)) {}

  sandbox::Path path(const std::string& text) const { return workspace->parse(text).value(); }
  std::unique_ptr<Change> begin(std::initializer_list<std::string> paths,
                                const std::string& session = "one") {
    auto change = std::make_unique<Change>(*changes, *workspace,
                                           Author{.session = session, .tool = "test"}, cancel);
    std::vector<sandbox::Path> locked;
    for (const std::string& text : paths) locked.push_back(path(text));
    const auto held = change->lock(locked);
    if (!held) FAIL(held.error().message);
    return change;
  }
  // One file, one change. The id.
  std::string put(const std::string& text, const std::string& bytes,
                  const std::string& session = "one") {
    const auto change = begin({text}, session);
    REQUIRE(change->put(path(text), bytes));
    const auto done = change->commit();
    if (!done) FAIL(done.error().message);
    return done->id;
  }
  // "undone" or the refusal, of each; or the error.
  std::vector<std::string> undo(const UndoRequest& request) {
    const auto undone = changes->undo(*workspace, request, cancel);
    if (!undone) return {"error: " + undone.error().message};
    std::vector<std::string> all;
    for (const Undone& one : *undone) all.push_back(one.refusal.empty() ? "undone" : one.refusal);
    return all;
  }
  // Every name below the root, sorted; directories end with a slash.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.root())) {
      std::string name = entry.path().lexically_relative(tree.root());
      if (entry.is_directory() && !entry.is_symlink()) name += "/";
      found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  quarry::test::TempWorkspace tree;
  quarry::test::TempWorkspace state;
  SystemClock clock;
  CancelToken cancel{clock};
  std::unique_ptr<sandbox::Workspace> workspace = sandbox::Workspace::open(tree.root()).value();
  std::unique_ptr<Changes> changes;
};

}  // namespace quarry::change::test
