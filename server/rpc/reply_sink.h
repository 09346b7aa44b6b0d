// ReplySink: where answers go: the wire, or the batch that they are part of.
//
// Safe from any thread.

#pragma once

#include <cstddef>
#include <string_view>

#include "server/base/limits.h"

namespace quarry::rpc {

// A line on the wire stays below this, newline included: known clients give up on a buffer of
// 10 MiB.
inline constexpr std::size_t kMaxLineOut = standard<std::size_t>(Limit::kAnswerBytes);

class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // One whole answer, without newline. From the reader thread this never waits.
  virtual void deliver(std::string_view line) = 0;
  // A request will get no answer.
  virtual void dropped() = 0;
  // A Reply was destroyed unanswered: our own bug. An answer follows through deliver() if this
  // returns.
  virtual void forgotten(std::string_view id);
};

}  // namespace quarry::rpc
