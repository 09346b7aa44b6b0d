// ChangeCall: calls a tool that changes files, with a session, a state directory and nothing else.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "server/change/changes.h"
#include "server/session/sessions.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"

namespace quarry::test {

class ChangeCall {
 public:
  explicit ChangeCall(const std::map<std::string, std::string>& content)
      : files(content),
        changes_({.state_directory = state_.root(), .sync = false, .limits = {}}, clock_),
        sessions_({.roots = {sandbox::Workspace::open(files.root()).value()},
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
                      .changes = changes_,
                      .clock = &clock_})
        .text();
  }
  std::string open_session() { return sessions_.open({})->session->handle(); }

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
  SystemClock clock_;
  change::Changes changes_;
  std::unique_ptr<store::Store> store_ = store::Store::in_memory();
  session::Sessions sessions_;
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
