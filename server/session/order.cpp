#include "server/session/order.h"

namespace quarry::session {

bool Order::begin(State& state, Access access) {
  if (state.alone_running) return false;
  if (access == Access::kAlone) {
    if (state.shared_running > 0) return false;
    state.alone_running = true;
  } else {
    ++state.shared_running;
  }
  return true;
}

bool Order::take_place(State& state, Access access) const {
  if (access != Access::kSharedHeavy) return true;
  if (state.heavy_running >= heavy_calls_) return false;
  ++state.heavy_running;
  return true;
}

bool Order::admit_now(Access access) {
  auto state = state_.lock();
  if (access == Access::kSharedHeavy && state->heavy_running >= heavy_calls_) return false;
  return state->waiting.empty() && begin(*state, access) && take_place(*state, access);
}

bool Order::admit(Access access, Ticket ticket) {
  auto state = state_.lock();
  if (!state->waiting.empty() || !begin(*state, access)) {
    state->waiting.push_back({access, ticket});
    return false;
  }
  if (take_place(*state, access)) return true;
  state->parked.push_back(ticket);
  return false;
}

void Order::finished(Access access, std::vector<Ticket>& ready) {
  auto state = state_.lock();
  if (access == Access::kAlone) {
    state->alone_running = false;
  } else {
    --state->shared_running;
  }
  if (access == Access::kSharedHeavy) {
    --state->heavy_running;
    if (!state->parked.empty()) {
      ++state->heavy_running;
      ready.push_back(state->parked.front());
      state->parked.pop_front();
    }
  }
  while (!state->waiting.empty() && begin(*state, state->waiting.front().access)) {
    const Waiting next = state->waiting.front();
    state->waiting.pop_front();
    if (take_place(*state, next.access)) {
      ready.push_back(next.ticket);
    } else {
      state->parked.push_back(next.ticket);
    }
  }
}

}  // namespace quarry::session
