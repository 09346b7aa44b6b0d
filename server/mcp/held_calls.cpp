// The part of Server that holds calls back until it is known in which root they run.

#include "server/mcp/server.h"

namespace quarry::mcp {
namespace {

// As many as may be queued (security: bounded input).
constexpr std::size_t kMaxHeld = 16'384;
constexpr std::size_t kMaxHeldBytes = std::size_t{64} << 20U;

}  // namespace

// In flight meanwhile: it can be cancelled, and its id cannot be used again.
void Server::hold(std::unique_ptr<Call> call) {
  call->cancel.emplace(parts_.clock);
  if (held_.size() >= kMaxHeld || held_bytes_ + call->line.size() > kMaxHeldBytes) {
    return parts_.runner.decline(
        std::move(call),
        Error{Code::kUnavailable,
              "the server is busy: too many calls wait for the client's answer to roots/list"});
  }
  parts_.in_flight.add(*call);
  held_bytes_ += call->line.size();
  held_.push_back(std::move(call));
}

void Server::release_held() {
  std::vector<std::unique_ptr<Call>> held = std::exchange(held_, {});
  held_bytes_ = 0;
  for (auto& call : held) {
    parts_.in_flight.remove(*call);
    if (call->reply.cancelled()) {
      call->reply.drop();
      parts_.calls.give_back(std::move(call));
    } else {
      admit(std::move(call));
    }
  }
}

}  // namespace quarry::mcp
