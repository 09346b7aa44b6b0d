// ToolCaller and ChangeCall: call a tool that changes files, with a session, a state directory and
// nothing else.

#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "server/change/changes.h"
#include "server/files/line_index.h"
#include "server/pool/pool.h"
#include "server/session/sessions.h"
#include "tests/support/still_clock.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"

namespace quarry::test {

// On a tree and a state directory that are there: what a server that is started on them answers.
class ToolCaller {
 public:
  ToolCaller(const std::string& root, const std::string& state, bool sync = false,
             sandbox::Workspace::Resolver resolver = sandbox::Workspace::Resolver::kAuto,
             const Limits& limits = {})
      : changes_({.state_directory = state, .sync = sync, .limits = limits}, clock_),
        sessions_({.roots = {sandbox::Workspace::open(root, resolver).value()},
                   .git_helper = "/nonexistent",
                   .limits = {}},
                  *store_, clock_) {}

  // The tool's text, or "error: " and its message. `handle`: of another session.
  std::string operator()(const tools::Tool& tool, std::string_view arguments,
                         std::string_view handle = {}) {
    const auto session = sessions_.find(handle).value();
    return call_tool(tool, arguments,
                     {.session = *session,
                      .files = session->workspace(),
                      .sessions = sessions_,
                      .line_indexes = line_indexes_,
                      .changes = changes_,
                      .pool = pool_,
                      .clock = seen_})
        .text();
  }
  std::string open_session() { return sessions_.open({})->session->handle(); }
  // From now on nothing that a tool does takes time.
  void stop_time() { seen_ = &still_; }

 private:
  SystemClock clock_;
  StillClock still_;
  const Clock* seen_ = &clock_;  // by the tools
  files::LineIndexes line_indexes_{clock_};
  change::Changes changes_;
  pool::Pool pool_{{.workers = 0}};
  std::unique_ptr<store::Store> store_ = store::Store::in_memory();
  session::Sessions sessions_;
};

// What lies at each name below `root`: kind, mode, and content or target.
using Tree = std::map<std::string, std::string>;

inline Tree tree_at(const std::string& root) {
  Tree found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto status = entry.symlink_status();
    std::string what = fmt::format("{:o} ", static_cast<unsigned>(status.permissions()));
    if (entry.is_symlink()) {
      what = "-> " + std::filesystem::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      what.append(std::istreambuf_iterator<char>(file), {});
    } else {
      what += "/";
    }
    found[entry.path().lexically_relative(root).string()] = what;
  }
  return found;
}

class ChangeCall {
 public:
  explicit ChangeCall(const std::map<std::string, std::string>& content, const Limits& limits = {})
      : files(content),
        call_(files.root(), state_.root(), false, sandbox::Workspace::Resolver::kAuto, limits) {}

  std::string operator()(const tools::Tool& tool, std::string_view arguments,
                         std::string_view handle = {}) {
    return call_(tool, arguments, handle);
  }
  std::string open_session() { return call_.open_session(); }
  void stop_time() { call_.stop_time(); }

  // Every name below the root, sorted; directories end with a slash.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(files.root())) {
      std::string name = entry.path().lexically_relative(files.root());
      if (entry.is_directory() && !entry.is_symlink()) name += "/";
      found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  TempWorkspace files;

 private:
  TempWorkspace state_;
  ToolCaller call_;
};

// A call and a part of what it must answer.
struct Mistake {
  const char* arguments;
  const char* want;
};

inline void check_mistakes(ChangeCall& call, const tools::Tool& tool,
                           std::initializer_list<Mistake> mistakes) {
  const auto before = call.names();
  for (const Mistake& row : mistakes) {
    INFO(row.arguments);
    CHECK_THAT(call(tool, row.arguments),
               Catch::StartsWith("error: ") && Catch::Contains(row.want));
  }
  CHECK(call.names() == before);
}

}  // namespace quarry::test
