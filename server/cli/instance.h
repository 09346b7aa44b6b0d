// Instance: one server put together: everything between the command line and the protocol, in the
// order of dependence.
//
// make() opens the roots, fences the process in and tests the fence; it must run before the first
// thread. Nothing else is opened until a call needs it.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/change/changes.h"
#include "server/cli/options.h"
#include "server/mcp/call.h"
#include "server/mcp/in_flight.h"
#include "server/mcp/kept_answers.h"
#include "server/mcp/memory_care.h"
#include "server/mcp/server_facts.h"
#include "server/mcp/tool_list.h"
#include "server/mcp/tool_runner.h"
#include "server/metrics/call_metrics.h"
#include "server/pool/background_thread.h"
#include "server/pool/pool.h"
#include "server/revision/cache.h"
#include "server/rpc/line_writer.h"
#include "server/sandbox/confine.h"
#include "server/search/indexer.h"
#include "server/session/sessions.h"
#include "server/store/store.h"

namespace quarry::cli {

// What has to be done before the process is fenced in.
struct Ground {
  std::vector<std::shared_ptr<const sandbox::Workspace>> roots;
  std::string git_helper;  // absolute path of quarry-git
  std::string state_dir;   // absolute and usable, or empty: memory only
  std::string state_note;  // why it is empty
  sandbox::Confinement confinement;
};

// kUnavailable and the like when no root can be opened or a required protection is missing. What
// is merely weaker is logged.
Result<Ground> prepare_ground(const Options& options);

class Instance {
 public:
  // `out_fd`: where the protocol goes; must outlive the instance.
  Instance(const Options& options, const Ground& ground, int out_fd);

  const Clock& clock() const { return clock_; }
  mcp::ToolList& tools() { return tools_; }
  mcp::ToolRunner& runner() { return runner_; }
  mcp::InFlight& in_flight() { return in_flight_; }
  mcp::CallPool& calls() { return calls_; }
  session::Sessions& sessions() { return sessions_; }
  store::Store& store() { return *store_; }
  pool::Pool& pool() { return pool_; }
  rpc::LineWriter& writer() { return writer_; }
  // Null with zero workers: such a server stays on one thread.
  Background* background() { return single_threaded_ ? nullptr : &background_; }

 private:
  const bool single_threaded_;
  const SystemClock clock_;
  const metrics::SystemMemory process_memory_;
  const std::unique_ptr<store::Store> store_;
  session::Sessions sessions_;
  files::LineIndexes line_indexes_{clock_};
  revision::Cache revisions_;
  change::Changes changes_;
  mcp::ToolList tools_;
  metrics::CallMetrics metrics_;
  rpc::LineWriter writer_;
  mcp::InFlight in_flight_;
  mcp::CallPool calls_;
  mcp::MemoryCare memory_;
  search::Indexer indexer_;
  mcp::KeptAnswers kept_;
  mcp::LiveFacts facts_;
  mcp::ToolRunner runner_;
  // Behind everything that its works touch, and so joined before that goes; before the pool, whose
  // last jobs may still hand it works.
  pool::BackgroundThread background_;
  pool::BackgroundThread index_background_;
  // Last, and so destroyed and joined first: its jobs use everything above. The members above keep
  // a reference to it that they use only when a call runs.
  pool::Pool pool_;
};

}  // namespace quarry::cli
