// SessionFixture: calls the tools that deal with sessions, over a real workspace, a store in
// memory and a clock that is turned by hand.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "server/change/changes.h"
#include "server/files/line_index.h"
#include "server/json/document.h"
#include "server/pool/pool.h"
#include "server/session/sessions.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/turned_clock.h"
#include "tools/tool.h"

namespace quarry::test {

class NoFacts final : public tools::ServerFacts {
 public:
  void append_summary(json::Writer& out) const override { out.field("part", "summary"); }
  void append_limits(json::Writer& out) const override { out.field("part", "limits"); }
  void append_metrics(json::Writer& out) const override { out.field("part", "metrics"); }
  void append_memory(json::Writer& out) const override { out.field("part", "memory"); }
  void append_diagnosis(json::Writer& out) const override { out.field("part", "diagnose"); }
};

class SessionFixture {
 public:
  explicit SessionFixture(bool read_only = false) { restart(read_only); }

  // A server that starts again on the same store.
  void restart(bool read_only = false) {
    sessions = std::make_unique<session::Sessions>(
        session::Sessions::Config{.roots = {sandbox::Workspace::open(files.root()).value()},
                                  .read_only = read_only,
                                  .git_helper = "/nonexistent",
                                  .limits = {}},
        *store, clock);
  }

  // The structured answer, or {"error": text}.
  nlohmann::json call(const tools::Tool& tool, std::string_view arguments,
                      std::string_view handle = {}) {
    json::Parser parser;
    json::Document document;
    REQUIRE(document.parse_copy(parser, arguments));
    const auto session = sessions->find(handle);
    if (!session) return {{"error", session.error().message}};
    const CancelToken cancel(clock);
    struct Silent final : tools::Progress {
      void report(std::int64_t, std::int64_t, std::string_view) override {}
    } progress;
    tools::ToolContext context{.session = **session,
                               .files = (*session)->workspace(),
                               .git = (*session)->git(),
                               .sessions = *sessions,
                               .store = *store,
                               .line_indexes = line_indexes,
                               .changes = changes,
                               .pool = pool,
                               .cancel = cancel,
                               .clock = clock,
                               .progress = progress,
                               .server = facts,
                               .max_tokens = 8000};
    tools::ToolOutput output;
    const Result<void> called = tool.call(document.root(), context, output);
    if (!called) return {{"error", called.error().message}};
    CHECK(output.text == output.structured);
    return nlohmann::json::parse(output.structured);
  }

  TempWorkspace files{{{"sub/a.txt", "a"}, {"plain.txt", "x"}}};
  TurnedClock clock;
  std::unique_ptr<store::Store> store = store::Store::in_memory();
  files::LineIndexes line_indexes{clock};
  change::Changes changes{{.state_directory = "", .limits = {}}, clock};
  pool::Pool pool{{.workers = 0}};
  NoFacts facts;
  std::unique_ptr<session::Sessions> sessions;
};

}  // namespace quarry::test

namespace quarry::tools {
extern const Tool session_open;
extern const Tool session_status;
extern const Tool session_close;
extern const Tool session_update;
extern const Tool server_status;
}  // namespace quarry::tools
