// Loaded: the sessions that this process has at hand, the least lately used of them leaving when
// there are too many, or when they keep too many directories open: some at once, so that it does
// not cost each opening a look at all.
//
// A session that somebody else holds (a call that runs or waits) stays: there is never a second
// object of one handle, so its calls have one order.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/guarded.h"
#include "server/session/session.h"

namespace quarry::session {

class Loaded {
 public:
  using Handle = std::shared_ptr<Session>;
  struct Bounds {
    std::size_t sessions = 4096;
    std::size_t directories = 256;
  };

  explicit Loaded(const Bounds& bounds) : bounds_(bounds) {}

  Handle find(std::string_view handle);
  // The same, and does not count as a use.
  Handle peek(std::string_view handle) const;
  // The one that is there already wins.
  Handle insert(Handle session);
  void erase(std::string_view handle);
  // Whether a call holds it.
  bool held(std::string_view handle) const;
  std::size_t size() const { return state_.lock()->by_handle.size(); }
  std::vector<Handle> all() const;

 private:
  struct Entry {
    Handle session;
    std::uint64_t used = 0;  // State::uses at the last use
  };
  // A look-up touches one bucket and one entry beside the session: with a thousand sessions in turn
  // every other line of memory is one that is not in the cache.
  using Entries = std::unordered_map<std::string_view, Entry>;  // views into the sessions
  struct State {
    State() { by_handle.max_load_factor(0.5F); }
    Entries by_handle;
    std::uint64_t uses = 0;
    std::map<std::string, std::size_t, std::less<>> directories;  // sessions on each root
  };
  static void remove(State& state, Entries::iterator entry);
  void trim(State& state) const;

  const Bounds bounds_;
  mutable Guarded<State> state_;
};

}  // namespace quarry::session
