// TreeCall: calls a tool that reads a workspace, with a context that holds nothing else.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"

namespace quarry::test {

class TreeCall {
 public:
  explicit TreeCall(const std::map<std::string, std::string>& content)
      : files(content), pool_({.workers = 0}) {
    auto opened = sandbox::Workspace::open(files.root());
    REQUIRE(opened);
    workspace_ = std::move(*opened);
  }

  // The tool's text, or "error: " and its message.
  std::string operator()(const tools::Tool& tool, std::string_view arguments) {
    return call_tool(tool, arguments, {.files = *workspace_, .pool = pool_}).text();
  }

  TempWorkspace files;

 private:
  pool::Pool pool_;
  std::unique_ptr<sandbox::Workspace> workspace_;
};

}  // namespace quarry::test
