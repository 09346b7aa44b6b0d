// Order: which calls of one session may run now.
//
// Shared calls run together; an exclusive call waits for all that arrived before it, and all that
// arrive after it wait for it. So a client that pipelines write, read, commit, log gets what it
// means. Calls are admitted in the order of arrival by one thread; finished() may come from any.
//
// Safe from any thread.

#pragma once

#include <deque>
#include <vector>

#include "server/base/guarded.h"

namespace quarry::session {

class Order {
 public:
  enum class Access : std::uint8_t { kShared, kExclusive };
  // What waits: opaque here, handed back when its turn comes.
  using Ticket = void*;

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
  struct State {
    std::size_t shared_running = 0;
    bool exclusive_running = false;
    std::deque<Waiting> waiting;
  };
  static bool begin(State& state, Access access);
  Guarded<State> state_;
};

}  // namespace quarry::session
