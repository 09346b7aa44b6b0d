#include "server/session/order.h"

namespace quarry::session {

bool Order::begin(State& state, Access access) {
  if (!state.waiting.empty() || state.exclusive_running) return false;
  if (access == Access::kShared) {
    ++state.shared_running;
    return true;
  }
  if (state.shared_running > 0) return false;
  state.exclusive_running = true;
  return true;
}

bool Order::admit_now(Access access) {
  return begin(*state_.lock(), access);
}

bool Order::admit(Access access, Ticket ticket) {
  auto state = state_.lock();
  if (begin(*state, access)) return true;
  state->waiting.push_back({access, ticket});
  return false;
}

void Order::finished(Access access, std::vector<Ticket>& ready) {
  auto state = state_.lock();
  if (access == Access::kShared) {
    --state->shared_running;
  } else {
    state->exclusive_running = false;
  }
  while (!state->waiting.empty() && !state->exclusive_running) {
    const Waiting next = state->waiting.front();
    if (next.access == Access::kExclusive) {
      if (state->shared_running > 0) return;
      state->exclusive_running = true;
    } else {
      ++state->shared_running;
    }
    state->waiting.pop_front();
    ready.push_back(next.ticket);
  }
}

}  // namespace quarry::session
