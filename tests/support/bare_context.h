// Calls a tool that needs nothing of its context: for tests of arguments and of the smallest tools.
//
// What the context refers to is not there; a tool that touches it crashes, which is the point.

#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/base/clock.h"
#include "server/json/document.h"
#include "tools/tool.h"

namespace quarry::test {

template <class T>
T& untouched() {
  alignas(std::max_align_t) static std::array<std::byte, 64> nothing{};
  return reinterpret_cast<T&>(nothing);
}

class NoProgress final : public tools::Progress {
 public:
  void report(std::int64_t, std::int64_t, std::string_view) override {}
};

// The tool's text, or "error: " and its message.
inline std::string call_bare(const tools::Tool& tool, std::string_view arguments) {
  json::Parser parser;
  json::Document document;
  if (!document.parse_copy(parser, arguments)) return "error: the test's arguments are no JSON";
  const SystemClock clock;
  const CancelToken cancel(clock);
  NoProgress progress;
  tools::ToolContext context{untouched<session::Session>(),
                             untouched<const sandbox::Workspace>(),
                             untouched<git::GitClient>(),
                             untouched<session::Sessions>(),
                             untouched<store::Store>(),
                             untouched<pool::Pool>(),
                             cancel,
                             clock,
                             progress,
                             untouched<const tools::ServerFacts>(),
                             8000};
  tools::ToolOutput output;
  const Result<void> called = tool.call(document.root(), context, output);
  return called ? output.text : "error: " + called.error().message;
}

}  // namespace quarry::test
