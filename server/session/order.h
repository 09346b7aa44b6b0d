// Order: which calls of one session may run now.
//
// Shared calls run together; one that wants to be alone waits for all that arrived before it, and
// all that arrive after it wait for it. So a client that pipelines write, read, commit, log gets
// what it means. Of shared calls that are heavy no more than a few are with the workers at one
// time, the rest wait here in the order of arrival: so one session with thousands of them leaves
// the workers to others. Calls are admitted in the order of arrival by one thread; finished() may
// come from any.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "server/base/guarded.h"

namespace quarry::session {

class Order {
 public:
  enum class Access : std::uint8_t { kShared, kSharedHeavy, kAlone };
  // What waits: opaque here, handed back when its turn comes.
  using Ticket = void*;

  explicit Order(std::size_t heavy_calls) : heavy_calls_(heavy_calls) {}

  // True: run it now. False: kept, and returned by a later finished().
  [[nodiscard]] bool admit(Access access, Ticket ticket);

  // True: run it now. False: nothing was kept.
  [[nodiscard]] bool admit_now(Access access);

  // A call that ran, or was taken from finished() and given up, is over. Appends the tickets that
  // may run now to `ready`, in order of arrival.
  void finished(Access access, std::vector<Ticket>& ready);

 private:
  struct Waiting {
    Access access;
    Ticket ticket;
  };
  // Lists, not deques: most sessions never have a call that waits, and an empty deque is not small.
  struct State {
    std::size_t shared_running = 0;  // and those in `parked`
    std::size_t heavy_running = 0;
    bool alone_running = false;
    std::list<Waiting> waiting;  // for their turn
    std::list<Ticket> parked;    // heavy, whose turn it is, for a place among the workers
  };
  // Whether `access` may run, as far as the turn goes; counts it when it may.
  static bool begin(State& state, Access access);
  // Takes a place among the heavy calls, if there is one.
  bool take_place(State& state, Access access) const;

  const std::size_t heavy_calls_;
  Guarded<State> state_;
};

}  // namespace quarry::session
