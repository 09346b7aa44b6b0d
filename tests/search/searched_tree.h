// SearchedTree: a temporary workspace with everything a search needs, and the searches as one call.

#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/search/find_files.h"
#include "server/search/grep.h"
#include "server/search/list_entries.h"
#include "server/search/walk.h"
#include "tests/support/temp_workspace.h"

namespace quarry::search {

// Time moves only when told to.
class HandClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ns; }
  std::int64_t wall_ms() const override { return now_ns / 1'000'000; }
  std::int64_t now_ns = 1;
};

// Each look at it takes a millisecond: how often a search asks is how long it takes.
class TickingClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return now_ns += 1'000'000; }
  std::int64_t wall_ms() const override { return now_ns / 1'000'000; }
  mutable std::atomic<std::int64_t> now_ns{1};
};

class SearchedTree {
 public:
  SearchedTree() : SearchedTree(std::map<std::string, std::string>{}) {}
  explicit SearchedTree(const std::map<std::string, std::string>& content, std::size_t workers = 0)
      : files(content), pool({.workers = workers}), cancel(clock) {
    auto opened = sandbox::Workspace::open(files.root());
    REQUIRE(opened);
    workspace = std::move(*opened);
  }

  Engine engine() { return {*workspace, pool, cancel, clock}; }
  sandbox::Path path(std::string_view text) const {
    auto parsed = workspace->parse(text);
    REQUIRE(parsed);
    return *parsed;
  }

  // The answer's text, or "error: " and the message.
  std::string grep(const GrepQuery& query) {
    auto answer = search::grep(query, engine());
    return answer ? answer->text : "error: " + answer.error().message;
  }
  std::string grep(std::string_view pattern) {
    GrepQuery query;
    query.pattern = pattern;
    return grep(query);
  }
  std::string find(const FindQuery& query) {
    auto answer = find_files(query, engine());
    return answer ? answer->text : "error: " + answer.error().message;
  }
  std::string find(std::string_view pattern) {
    FindQuery query;
    query.pattern = pattern;
    query.sort = FileOrder::kPath;
    return find(query);
  }
  std::string list(const ListQuery& query) {
    auto answer = list_entries(query, engine());
    return answer ? answer->text : "error: " + answer.error().message;
  }
  std::string list(std::string_view where = ".", int depth = 1) {
    ListQuery query;
    query.path = path(where);
    query.depth = depth;
    return list(query);
  }
  // Paths of the files that a walk takes.
  std::vector<std::string> walked(const WalkOptions& options = {}) {
    const sandbox::Path root;
    auto result = walk(*workspace, {&root, 1}, options, pool, Stop(cancel, clock));
    REQUIRE(result);
    std::vector<std::string> paths;
    for (const Walk::Place place : result->files())
      result->append_path(paths.emplace_back(), place);
    return paths;
  }

  test::TempWorkspace files;
  HandClock clock;  // a test of the deadline turns it
  pool::Pool pool;
  CancelToken cancel;
  std::unique_ptr<sandbox::Workspace> workspace;
};

inline bool program_exists(const std::string& name) {
  const bool found = std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
  if (!found) WARN("skipped: " << name << " is not installed");
  return found;
}

}  // namespace quarry::search
