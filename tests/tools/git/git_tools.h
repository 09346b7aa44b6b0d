// Calls a git tool on a repository, with a context that holds the workspace and its git client.

#pragma once

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "server/sandbox/workspace.h"
#include "tests/git/git_fixture.h"
#include "tests/support/tool_call.h"

namespace quarry::test {

struct GitTools : git::test::Fixture {
  using Fixture::Fixture;

  // The tool's text, or "error: " and its message.
  std::string operator()(const tools::Tool& tool, std::string_view arguments,
                         std::int64_t max_tokens = 8000) {
    auto files = sandbox::Workspace::open(workspace.root());
    REQUIRE(files);
    ToolAnswer answer =
        call_tool(tool, arguments,
                  {.files = **files, .git = client, .clock = &clock, .max_tokens = max_tokens});
    structured = std::move(answer.output.structured);
    return answer.text();
  }

  std::string structured;  // of the last call
};

}  // namespace quarry::test
