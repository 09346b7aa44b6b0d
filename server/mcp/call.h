// Call: one tools/call from its line to its answer, and everything it needs on the way.
//
// Made once and used again: its buffers are what the steady state would otherwise allocate. The
// reader thread fills it in; then it belongs to the thread that runs it, and goes back to the
// CallPool at the end.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/guarded.h"
#include "server/json/document.h"
#include "server/mcp/message.h"
#include "server/mcp/progress.h"
#include "server/pool/pool.h"
#include "server/rpc/line.h"
#include "server/rpc/reply.h"
#include "server/rpc/request_state.h"
#include "server/session/session.h"
#include "server/watch/tree.h"
#include "tools/tool.h"

namespace quarry::mcp {

class ToolRunner;

// What a call asks whose answer may be kept: see kept_answers.h.
struct Question {
  // Owners: the table of trees and the calls under way.
  std::shared_ptr<watch::Tree> tree;
  std::string key;  // reused; empty: not to be kept
  watch::Version version;
  std::int64_t begun_ns = 0;
  bool asked = false;  // the table of answers was asked, or is of no use
  bool leads = false;  // others may wait for this call
  bool keep = false;   // `version` may be trusted later
  bool by_epoch = false;
};

struct Call {
  Call(const Clock& clock, rpc::LineWriter& wire) : progress(clock, wire) {}

  rpc::Line line;  // what everything below points into
  json::Document document;
  Request request;
  json::Value arguments;
  std::size_t tool_index = 0;
  const tools::Tool* tool = nullptr;
  std::shared_ptr<session::Session> session;
  // Decided once: the store, which has a say in it, may come to another answer while the call runs.
  pool::Lane lane = pool::Lane::kQuick;
  session::Order::Access access = session::Order::Access::kShared;
  std::optional<CancelToken> cancel;
  CallProgress progress;
  rpc::RequestState state;  // answered or cancelled, whichever came first
  rpc::Reply reply;
  bool tracked = false;  // in the table of calls in flight
  std::int64_t max_tokens = 0;
  std::int64_t arrived_ns = 0;  // on the steady clock
  std::int64_t wall_ms = 0;     // the same moment on the wall clock
  ToolRunner* runner = nullptr;
  Question question;
  tools::ToolOutput output;  // reused
  std::string answer;        // reused

  // Bytes of the buffers that stay for the next use.
  std::size_t kept_bytes() const;
};

// CallPool: idle Calls, at most kMaxIdle of them with kMaxIdleBytes in all, and one more at hand: a
// client that waits for each answer has the same one each time, without a lock. Safe from any
// thread.
class CallPool {
 public:
  static constexpr std::size_t kMaxIdle = 64;
  static constexpr std::size_t kMaxIdleBytes = std::size_t{4} << 20U;

  CallPool(const Clock& clock, rpc::LineWriter& wire) : clock_(clock), wire_(wire) {}
  ~CallPool() { take_at_hand(); }
  CallPool(const CallPool&) = delete;
  CallPool& operator=(const CallPool&) = delete;

  std::unique_ptr<Call> take();
  void give_back(std::unique_ptr<Call> call);

  struct Kept {
    std::size_t calls = 0;
    std::size_t bytes = 0;  // of their buffers
  };
  // What idle Calls hold for reuse now.
  Kept kept();
  // Frees every idle Call.
  void shrink();

 private:
  std::unique_ptr<Call> take_at_hand();
  void give_back_to_list(std::unique_ptr<Call> call);

  const Clock& clock_;
  rpc::LineWriter& wire_;
  std::atomic<Call*> at_hand_{nullptr};  // owned
  struct Idle {
    std::vector<std::unique_ptr<Call>> calls;
    std::size_t bytes = 0;  // the sum of their kept_bytes()
  };
  Guarded<Idle> idle_;
};

}  // namespace quarry::mcp
