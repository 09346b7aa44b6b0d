// Calls a git tool on a repository, with a context that holds the workspace and its git client.

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "server/json/document.h"
#include "server/sandbox/workspace.h"
#include "tests/git/git_fixture.h"
#include "tools/tool.h"

namespace quarry::test {

struct GitTools : git::test::Fixture {
  using Fixture::Fixture;

  // The tool's text, or "error: " and its message.
  std::string operator()(const tools::Tool& tool, std::string_view arguments,
                         std::int64_t max_tokens = 8000) {
    json::Parser parser;
    json::Document document;
    REQUIRE(document.parse_copy(parser, arguments));
    auto files = sandbox::Workspace::open(workspace.root());
    REQUIRE(files);
    const CancelToken cancel = token();
    Silent progress;
    tools::ToolContext context{absent<session::Session>(),
                               **files,
                               client,
                               absent<session::Sessions>(),
                               absent<store::Store>(),
                               absent<pool::Pool>(),
                               cancel,
                               clock,
                               progress,
                               absent<const tools::ServerFacts>(),
                               max_tokens};
    tools::ToolOutput output;
    const Result<void> called = tool.call(document.root(), context, output);
    structured = output.structured;
    return called ? output.text : "error: " + called.error().message;
  }

  std::string structured;  // of the last call

 private:
  class Silent final : public tools::Progress {
   public:
    void report(std::int64_t, std::int64_t, std::string_view) override {}
  };
  // What the tool must not touch: there is nothing there.
  template <class T>
  static T& absent() {
    alignas(std::max_align_t) static std::array<std::byte, 64> nothing{};
    return reinterpret_cast<T&>(nothing);
  }
};

}  // namespace quarry::test
