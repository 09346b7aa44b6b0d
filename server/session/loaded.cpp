#include "server/session/loaded.h"

namespace quarry::session {
namespace {

// Looked at for one to let go of, in one insertion: many that are held must not make it slow.
constexpr int kLettingGoTries = 64;

}  // namespace

Loaded::Handle Loaded::find(std::string_view handle) {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  if (found == state->by_handle.end()) return nullptr;
  state->uses.splice(state->uses.begin(), state->uses, found->second);
  return *found->second;
}

Loaded::Handle Loaded::peek(std::string_view handle) const {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  return found == state->by_handle.end() ? nullptr : *found->second;
}

Loaded::Handle Loaded::insert(Handle session) {
  auto state = state_.lock();
  const auto found = state->by_handle.find(session->handle());
  if (found != state->by_handle.end()) return *found->second;
  state->uses.push_front(session);
  state->by_handle.emplace(session->handle(), state->uses.begin());
  ++state->directories[session->root()];
  trim(*state);
  return session;
}

void Loaded::erase(std::string_view handle) {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  if (found != state->by_handle.end()) remove(*state, found->second);
}

bool Loaded::held(std::string_view handle) const {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  return found != state->by_handle.end() && found->second->use_count() > 1;
}

std::vector<Loaded::Handle> Loaded::all() const {
  auto state = state_.lock();
  return {state->uses.begin(), state->uses.end()};
}

void Loaded::remove(State& state, Uses::iterator session) {
  state.by_handle.erase((*session)->handle());
  const auto directory = state.directories.find((*session)->root());
  if (--directory->second == 0) state.directories.erase(directory);
  state.uses.erase(session);
}

void Loaded::trim(State& state) const {
  for (int i = 0; i < kLettingGoTries && (state.uses.size() > bounds_.sessions ||
                                          state.directories.size() > bounds_.directories);
       ++i) {
    const auto last = std::prev(state.uses.end());
    // Under the lock nobody gets a first reference: whoever holds one has it already.
    if (last->use_count() > 1) {
      state.uses.splice(state.uses.begin(), state.uses, last);
    } else {
      remove(state, last);
    }
  }
}

}  // namespace quarry::session
