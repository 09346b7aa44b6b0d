// FakeWorld: everything behind the protocol server, over tools that a test makes up, a store (in
// memory, when nothing else is said) and no git helper.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "server/change/changes.h"
#include "server/mcp/server.h"
#include "server/mcp/server_facts.h"
#include "tools/all.h"

namespace quarry::test {

// In the order of the real server: the pool, whose jobs use the rest, is destroyed first.
struct FakeWorld {
  FakeWorld(std::span<const tools::Entry> entries, std::size_t workers, std::size_t heavy_limit,
            const std::string& root, int out,
            std::unique_ptr<store::Store> kept_in = store::Store::in_memory())
      : store(std::move(kept_in)),
        sessions({.roots = {sandbox::Workspace::open(root).value()},
                  .read_only = false,
                  .git_helper = "/nonexistent",
                  .limits = {}},
                 *store, clock),
        tools(entries, {}),
        metrics(tools.size()),
        writer(out),
        calls(clock, writer),
        memory({.calls = calls,
                .memory = process_memory,
                .clock = clock,
                .background = nullptr,
                .limits = {.soft_bytes = INT64_MAX, .hard_bytes = INT64_MAX}}),
        kept(clock, pool, nullptr, {}),
        facts({.tools = tools,
               .sessions = sessions,
               .store = *store,
               .line_indexes = line_indexes,
               .pool = pool,
               .writer = &writer,
               .in_flight = in_flight,
               .metrics = metrics,
               .memory = memory,
               .clock = clock,
               .confinement = {},
               .kept = &kept}),
        runner({.tools = tools,
                .sessions = sessions,
                .store = *store,
                .line_indexes = line_indexes,
                .changes = changes,
                .pool = pool,
                .clock = clock,
                .facts = facts,
                .metrics = metrics,
                .in_flight = in_flight,
                .calls = calls,
                .memory = memory,
                .kept = &kept}),
        pool({.workers = workers, .heavy_limit = heavy_limit}) {}

  SystemClock clock;
  std::unique_ptr<store::Store> store;
  session::Sessions sessions;
  files::LineIndexes line_indexes{clock};
  change::Changes changes{{.state_directory = "", .limits = {}}, clock};
  mcp::ToolList tools;
  metrics::CallMetrics metrics;
  rpc::LineWriter writer;
  mcp::InFlight in_flight;
  mcp::CallPool calls;
  metrics::SystemMemory process_memory;
  mcp::MemoryCare memory;
  mcp::KeptAnswers kept;
  mcp::LiveFacts facts;
  mcp::ToolRunner runner;
  pool::Pool pool;
};

}  // namespace quarry::test
