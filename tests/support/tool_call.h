// call_tool: one call of one tool, without a server, with a context that holds what the test names.
//
// What is not named is not there: a tool that touches it crashes, which is the point.

#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/base/clock.h"
#include "server/json/document.h"
#include "tools/tool.h"

namespace quarry::test {

// A member of ToolContext; refers to nothing unless it was given something.
template <class T>
class Given {
 public:
  Given() = default;
  Given(T& what) : what_(&what) {}  // converts, so that a test names only what it has
  T& get() const {
    alignas(std::max_align_t) static std::array<std::byte, 64> nothing{};
    return what_ != nullptr ? *what_ : reinterpret_cast<T&>(nothing);
  }

 private:
  T* what_ = nullptr;
};

struct ToolWorld {
  Given<session::Session> session{};
  Given<const sandbox::Workspace> files{};
  Given<git::GitClient> git{};
  Given<session::Sessions> sessions{};
  Given<store::Store> store{};
  Given<files::LineIndexes> line_indexes{};
  Given<change::Changes> changes{};
  Given<pool::Pool> pool{};
  const Clock* clock = nullptr;  // the machine's, when null
  Given<const tools::ServerFacts> server{};
  session::Ledger* ledger = nullptr;
  revision::Cache* revisions = nullptr;
  std::int64_t max_tokens = 8000;
  std::int64_t deadline_ns = CancelToken::kNever;  // on the clock
};

struct ToolAnswer {
  tools::ToolOutput output;
  std::string error;  // empty: the call succeeded
  // The tool's text, or "error: " and its message.
  std::string text() const { return error.empty() ? output.text : "error: " + error; }
};

inline ToolAnswer call_tool(const tools::Tool& tool, std::string_view arguments,
                            const ToolWorld& world = {}) {
  struct NoProgress final : tools::Progress {
    void report(std::int64_t, std::int64_t, std::string_view) override {}
  } progress;
  ToolAnswer answer;
  json::Parser parser;
  json::Document document;
  if (!document.parse_copy(parser, arguments)) {
    answer.error = "the test's arguments are no JSON";
    return answer;
  }
  const SystemClock machine;
  const Clock& clock = world.clock != nullptr ? *world.clock : machine;
  const CancelToken cancel(clock, world.deadline_ns);
  tools::ToolContext context{.session = world.session.get(),
                             .files = world.files.get(),
                             .git = world.git.get(),
                             .sessions = world.sessions.get(),
                             .store = world.store.get(),
                             .line_indexes = world.line_indexes.get(),
                             .changes = world.changes.get(),
                             .pool = world.pool.get(),
                             .cancel = cancel,
                             .clock = clock,
                             .progress = progress,
                             .server = world.server.get(),
                             .ledger = world.ledger,
                             .revisions = world.revisions,
                             .max_tokens = world.max_tokens};
  const Result<void> called = tool.call(document.root(), context, answer.output);
  if (!called) answer.error = called.error().message;
  return answer;
}

}  // namespace quarry::test
