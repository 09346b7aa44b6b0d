// ToolRunner: runs a call's tool and answers it, on whichever thread the call has come to.
//
// The one place that catches what a foreign library may throw. Every call that enters start() or
// run() is answered exactly once, or dropped when it was cancelled; its session's next calls are
// then started.
//
// Safe from any thread.

#pragma once

#include <memory>
#include <vector>

#include "server/base/limits.h"
#include "server/files/line_index.h"
#include "server/mcp/call.h"
#include "server/mcp/in_flight.h"
#include "server/mcp/kept_answers.h"
#include "server/mcp/memory_care.h"
#include "server/mcp/tool_list.h"
#include "server/metrics/call_metrics.h"
#include "server/pool/pool.h"
#include "server/session/sessions.h"
#include "server/store/store.h"

namespace quarry::mcp {

class ToolRunner {
 public:
  // What tools may reach. Everything outlives the runner.
  struct World {
    const ToolList& tools;
    session::Sessions& sessions;
    store::Store& store;
    files::LineIndexes& line_indexes;
    change::Changes& changes;
    pool::Pool& pool;
    const Clock& clock;
    const tools::ServerFacts& facts;
    metrics::CallMetrics& metrics;
    InFlight& in_flight;
    CallPool& calls;
    MemoryCare& memory;
    Limits limits{};
    KeptAnswers* kept = nullptr;           // null: every call runs
    revision::Cache* revisions = nullptr;  // null: none is kept
  };
  explicit ToolRunner(const World& world) : world_(world) {}

  // Hands the call to a worker; answers "busy" when its lane is full.
  void start(std::unique_ptr<Call> call);
  // The same for several calls of the quick lane with one hand-over. Empties `calls`.
  void start_quick(std::vector<std::unique_ptr<Call>>& calls);
  // Answers the call from what is kept, or lets it wait for another call's answer: true, and the
  // call is taken. REQUIRES: it was admitted to its session's order. `here`: no worker's thread.
  bool answer_kept(std::unique_ptr<Call>& call, bool here);
  // Runs it here.
  void run(std::unique_ptr<Call> call);
  // Answers the call with a tool's error without running it. For calls that never were admitted
  // to their session's order.
  void decline(std::unique_ptr<Call> call, const Error& error);

  // Reads the arguments that every tool has: finds the session and the answer's budget, and decides
  // where the call runs and as what it stands in its session's order.
  Result<void> prepare(Call& call);
  // A running mean of what the tool's calls took, each new one weighing an eighth; 0 at first.
  std::int64_t recent_cost_ns(std::size_t tool) const {
    return world_.metrics.row(tool).recent_ns.load(std::memory_order_relaxed);
  }
  // Runs `call`'s tool with its arguments and writes into call.output: also for `quarry call`.
  Result<void> invoke(Call& call);

 private:
  static void job(void* call);
  pool::Lane lane_of(const Call& call) const;
  void store_use();
  std::int64_t now_ms(const Call& call) const;
  // Posts what may run now; calls that the lane refuses are answered and end in turn.
  void start_ready(std::vector<session::Order::Ticket>& ready);
  void encode(Call& call, const Result<void>& result) const;
  void answer(std::unique_ptr<Call> call, const Result<void>& result);
  // Ends a call that was answered without being run.
  void end(std::unique_ptr<Call> call);
  void resume(KeptAnswers::Landed landed);

  const World world_;
};

}  // namespace quarry::mcp
