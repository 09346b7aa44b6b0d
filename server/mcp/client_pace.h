// ClientPace: for how long the client has taken nothing of what is written for it. Belongs to the
// reader thread.

#pragma once

#include <cstdint>

#include "server/base/clock.h"
#include "server/rpc/line_writer.h"

namespace quarry::mcp {

class ClientPace {
 public:
  // From now on. Both outlive this.
  ClientPace(const rpc::LineWriter& writer, const Clock& clock)
      : writer_(writer), clock_(clock), taken_(writer.taken()), since_ns_(clock.steady_ns()) {}

  // Since it took something, or had nothing left to take, when this was last asked.
  std::int64_t stalled_ms() {
    const std::int64_t now_ns = clock_.steady_ns();
    const std::uint64_t taken = writer_.taken();
    if (taken != taken_ || writer_.idle()) since_ns_ = now_ns;
    taken_ = taken;
    return (now_ns - since_ns_) / 1'000'000;
  }

 private:
  const rpc::LineWriter& writer_;
  const Clock& clock_;
  std::uint64_t taken_;
  std::int64_t since_ns_;
};

}  // namespace quarry::mcp
