// LiveFacts: what server_status tells about the running server. Reads counters when asked and
// keeps nothing. Safe from any thread.

#pragma once

#include <string>

#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/files/line_index.h"
#include "server/mcp/in_flight.h"
#include "server/mcp/kept_answers.h"
#include "server/mcp/memory_care.h"
#include "server/mcp/tool_list.h"
#include "server/metrics/call_metrics.h"
#include "server/pool/pool.h"
#include "server/revision/cache.h"
#include "server/rpc/line_writer.h"
#include "server/sandbox/confine.h"
#include "server/session/sessions.h"
#include "server/store/store.h"
#include "tools/tool.h"

namespace quarry::mcp {

class LiveFacts final : public tools::ServerFacts {
 public:
  // Everything outlives the facts. `confinement` is what was enforced at start.
  struct Parts {
    const ToolList& tools;
    const session::Sessions& sessions;
    const store::Store& store;
    const files::LineIndexes& line_indexes;
    const pool::Pool& pool;
    const rpc::LineWriter* writer;  // null without a wire (`quarry call`)
    const InFlight& in_flight;
    const metrics::CallMetrics& metrics;
    const MemoryCare& memory;
    const Clock& clock;
    sandbox::Confinement confinement;
    Limits limits{};
    const KeptAnswers* kept = nullptr;           // null: none are kept
    const revision::Cache* revisions = nullptr;  // null: none is kept
  };
  explicit LiveFacts(const Parts& parts) : parts_(parts), started_ns_(parts.clock.steady_ns()) {}

  void append_summary(json::Writer& out) const override;
  void append_limits(json::Writer& out) const override;
  void append_metrics(json::Writer& out) const override;
  void append_memory(json::Writer& out) const override;
  void append_diagnosis(json::Writer& out) const override;

 private:
  std::string store_note(const store::StoreStats& store) const;
  const Parts parts_;
  const std::int64_t started_ns_;
};

}  // namespace quarry::mcp
