// Loaded: the sessions that this process has at hand, the least lately used of them leaving when
// there are too many, or when they keep too many directories open.
//
// A session that somebody else holds (a call that runs or waits) stays: there is never a second
// object of one handle, so its calls have one order.
//
// Safe from any thread.

#pragma once

#include <list>
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
  using Uses = std::list<Handle>;
  struct State {
    Uses uses;                                                       // the last one first
    std::unordered_map<std::string_view, Uses::iterator> by_handle;  // views into the sessions
    std::map<std::string, std::size_t, std::less<>> directories;     // sessions on each root
  };
  static void remove(State& state, Uses::iterator session);
  void trim(State& state) const;

  const Bounds bounds_;
  mutable Guarded<State> state_;
};

}  // namespace quarry::session
