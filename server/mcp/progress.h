// CallProgress: the progress notifications of one call.
//
// Sent only when the request carried a progressToken: at most five a second, strictly increasing,
// and none once close() has returned. While the call works without reporting, beat() sends one
// every ten seconds, so that a client's idle limit does not end it.
//
// report() is called by the thread that runs the call, which also sends the answer; beat() by the
// reader thread, whose sends never wait and may therefore happen under the lock that close() takes.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/mcp/revision.h"
#include "server/rpc/line_writer.h"
#include "tools/tool.h"

namespace quarry::mcp {

class CallProgress final : public tools::Progress {
 public:
  CallProgress(const Clock& clock, rpc::LineWriter& wire) : clock_(clock), wire_(wire) {}

  // Starts a call. `token` is the JSON token as sent, or empty: then nothing is ever sent.
  void open(std::string_view token, Revision revision);
  void close();
  // From the thread that runs the call.
  void report(std::int64_t done, std::int64_t total, std::string_view message) override;
  // From the reader thread.
  void beat();

 private:
  struct State {
    std::string token;
    Revision revision = kNewestHandshake;
    bool open = false;
    std::int64_t sent_ns = 0;
    std::int64_t done = 0;      // the last progress reported
    std::int64_t repeated = 0;  // how often that was sent already
  };
  // The next notification; empty when it is too early for one.
  std::string next(State& state, std::int64_t least_gap_ns, std::int64_t total,
                   std::string_view message);

  const Clock& clock_;
  rpc::LineWriter& wire_;
  Guarded<State> state_;
  bool opened_ = false;  // there is a token; set before another thread has the call
};

}  // namespace quarry::mcp
