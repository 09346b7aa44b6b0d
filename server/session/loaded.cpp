#include "server/session/loaded.h"

#include <algorithm>

namespace quarry::session {

Loaded::Handle Loaded::find(std::string_view handle) {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  if (found == state->by_handle.end()) return nullptr;
  found->second.used = ++state->uses;
  return found->second.session;
}

Loaded::Handle Loaded::peek(std::string_view handle) const {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  return found == state->by_handle.end() ? nullptr : found->second.session;
}

Loaded::Handle Loaded::insert(Handle session) {
  auto state = state_.lock();
  const auto found = state->by_handle.find(session->handle());
  if (found != state->by_handle.end()) return found->second.session;
  state->by_handle.emplace(session->handle(), Entry{session, ++state->uses});
  ++state->directories[session->root()];
  trim(*state);
  return session;
}

void Loaded::erase(std::string_view handle) {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  if (found != state->by_handle.end()) remove(*state, found);
}

bool Loaded::held(std::string_view handle) const {
  auto state = state_.lock();
  const auto found = state->by_handle.find(handle);
  return found != state->by_handle.end() && found->second.session.use_count() > 1;
}

std::vector<Loaded::Handle> Loaded::all() const {
  auto state = state_.lock();
  std::vector<Handle> all;
  all.reserve(state->by_handle.size());
  for (const auto& [handle, entry] : state->by_handle) all.push_back(entry.session);
  return all;
}

void Loaded::remove(State& state, Entries::iterator entry) {
  // The key lies in the session.
  const Handle session = std::move(entry->second.session);
  state.by_handle.erase(entry);
  const auto directory = state.directories.find(session->root());
  if (--directory->second == 0) state.directories.erase(directory);
}

void Loaded::trim(State& state) const {
  const auto over = [&](const Bounds& slack) {
    return state.by_handle.size() + slack.sessions > bounds_.sessions ||
           state.directories.size() + slack.directories > bounds_.directories;
  };
  if (!over({0, 0})) return;
  std::vector<std::pair<std::uint64_t, Entries::iterator>> idle;
  for (auto at = state.by_handle.begin(); at != state.by_handle.end(); ++at) {
    // Under the lock nobody gets a first reference: whoever holds one has it already.
    if (at->second.session.use_count() == 1) idle.emplace_back(at->second.used, at);
  }
  std::sort(idle.begin(), idle.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const Bounds slack{bounds_.sessions / 16, bounds_.directories / 16};
  for (const auto& [used, entry] : idle) {
    if (!over(slack)) break;
    remove(state, entry);
  }
}

}  // namespace quarry::session
