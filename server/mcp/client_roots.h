// ClientRoots: asks a handshake client which directories it has open, and lets the answers narrow
// what sessions may use.
//
// Asked when the client is ready and again when it says that its roots changed; never by a client
// that declared no roots, and never in 2026-07-28, which has no requests of ours. Only the answer
// to the newest question counts: every other response is dropped. An error and an answer that makes
// no sense leave things as they are.
//
// While the first answer is awaited, and for a bounded time, calls must wait: else they would run
// in a root that the client is about to narrow. An answer that comes later than that still counts.
//
// Belongs to the reader thread.

#pragma once

#include <cstdint>
#include <string>

#include "server/base/clock.h"
#include "server/rpc/envelope.h"
#include "server/rpc/line_writer.h"
#include "server/session/sessions.h"

namespace quarry::mcp {

class ClientRoots {
 public:
  // Everything outlives this. `patience_ms`: how long calls wait for the first answer.
  ClientRoots(session::Sessions& sessions, rpc::LineWriter& writer, const Clock& clock,
              std::int64_t patience_ms)
      : sessions_(sessions),
        writer_(writer),
        clock_(clock),
        patience_ns_(patience_ms * 1'000'000) {}

  // A handshake took place: what an earlier one brought is forgotten.
  void begin(bool declared);
  // The client's notifications of these names.
  void initialized();
  void list_changed();
  // True when it was the answer that counts.
  bool take(const rpc::Envelope& response);

  // Calls must wait for the first answer.
  bool awaited();
  // How long they must still wait at most; 0 when they need not.
  int patience_ms() const;

 private:
  void ask();
  void judge(const rpc::Envelope& response);

  session::Sessions& sessions_;
  rpc::LineWriter& writer_;
  const Clock& clock_;
  const std::int64_t patience_ns_;
  bool declared_ = false;
  bool ready_ = false;       // notifications/initialized came
  bool narrowed_ = false;    // the sessions know of some client's roots
  std::string pending_;      // id of the newest question; empty: answered
  std::uint64_t asked_ = 0;  // questions so far
  std::int64_t due_ns_ = 0;  // until when calls wait; 0: they do not
};

}  // namespace quarry::mcp
