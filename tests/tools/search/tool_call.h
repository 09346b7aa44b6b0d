// ToolCall: calls a tool that reads a workspace, with a context that holds nothing else.

#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "server/base/clock.h"
#include "server/json/document.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "tests/support/temp_workspace.h"
#include "tools/tool.h"

namespace quarry::test {

class ToolCall {
 public:
  explicit ToolCall(const std::map<std::string, std::string>& content)
      : files(content), pool_({.workers = 0}) {
    auto opened = sandbox::Workspace::open(files.root());
    REQUIRE(opened);
    workspace_ = std::move(*opened);
  }

  // The tool's text, or "error: " and its message.
  std::string operator()(const tools::Tool& tool, std::string_view arguments) {
    json::Parser parser;
    json::Document document;
    REQUIRE(document.parse_copy(parser, arguments));
    const SystemClock clock;
    const CancelToken cancel(clock);
    Silent progress;
    tools::ToolContext context{absent<session::Session>(),
                               *workspace_,
                               absent<git::GitClient>(),
                               absent<session::Sessions>(),
                               absent<store::Store>(),
                               pool_,
                               cancel,
                               clock,
                               progress,
                               absent<const tools::ServerFacts>(),
                               8000};
    tools::ToolOutput output;
    const Result<void> called = tool.call(document.root(), context, output);
    return called ? output.text : "error: " + called.error().message;
  }

  TempWorkspace files;

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

  pool::Pool pool_;
  std::unique_ptr<sandbox::Workspace> workspace_;
};

}  // namespace quarry::test
