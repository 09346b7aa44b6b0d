// Calls a tool on a repository, with a context that holds the workspace, its git client, a store
// and a pool without workers.

#pragma once

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "server/store/store.h"
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
    const auto store = store::Store::in_memory();
    pool::Pool pool({.workers = 0});
    ToolAnswer answer = call_tool(tool, arguments,
                                  {.files = **files,
                                   .git = client,
                                   .store = *store,
                                   .pool = pool,
                                   .clock = &clock,
                                   .max_tokens = max_tokens});
    structured = std::move(answer.output.structured);
    return answer.text();
  }

  std::string structured;  // of the last call
};

}  // namespace quarry::test
