// Sessions: every session of this user that this process may use, by handle.
//
// All sessions lie in the store (rows.h), where other processes of the same user see and change
// them and where they survive a restart. What was looked up is kept at hand, and is current: as
// long as no durable table changed in any process nothing is read again; else the record is, which
// takes about a microsecond. So what another process updated, closed or let expire is seen by the
// next call. A session is only used when its root lies inside the roots allowed here.
//
// A session expires `ttl_s` after its last use. Uses are stored lazily (record.h), so that calls
// that read write nothing. A sweep, about each minute while there are sessions, takes out expired
// ones in bounded steps; it spares what calls in this process hold. Of an expired session enough
// is remembered, for a week or until the quota needs the room, to say how to recover.
//
// The default session's state is kept by its root and never expires.
//
// Safe from any thread.
//
// Invariant: one Session object per handle.

#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/background.h"
#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/base/limits.h"
#include "server/session/loaded.h"
#include "server/session/requests.h"
#include "server/session/roots.h"
#include "server/session/rows.h"
#include "server/session/session.h"
#include "server/store/store.h"

namespace quarry::session {

struct Opened {
  std::shared_ptr<Session> session;
  bool durable = true;  // on disk already
};

class Sessions {
 public:
  struct Config {
    std::vector<std::shared_ptr<const sandbox::Workspace>> roots;  // not empty; first = default's
    bool read_only = false;
    std::string git_helper;  // absolute path of quarry-git
    Limits limits{};
    // Where sessions are swept and uses stored. Null: when one is opened, and by store_use().
    // Outlives the sessions.
    Background* background = nullptr;
  };

  Sessions(Config config, store::Store& store, const Clock& clock);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  std::shared_ptr<Session> default_session() const { return *default_.lock(); }
  const Limits& limits() const { return config_.limits; }
  bool read_only() const { return config_.read_only; }
  const Roots& roots() const { return roots_; }
  // Lets the client's roots narrow what may be used (Roots::narrow), or takes that back. Calls that
  // run go on where they are; the default session moves to the default root.
  Roots::Narrowing narrow_roots(const std::vector<std::string>& uris);
  void widen_roots();

  // kNotFound when there is none or it has expired; the text says how to get a new one. kDenied
  // when its root is not allowed here. `now_ms` is the wall clock, for who has read it already: a
  // reading costs as much as the look-up.
  Result<std::shared_ptr<Session>> find(std::string_view handle, std::int64_t now_ms);
  Result<std::shared_ptr<Session>> find(std::string_view handle) {
    return find(handle, clock_.wall_ms());
  }
  // The same, for a caller that looks at what is stored itself: one that is at hand is as it was
  // when it was last looked at.
  Result<std::shared_ptr<Session>> known(std::string_view handle, std::int64_t now_ms);
  // The same, for a call that closes it: where nothing is in the way but that its root is gone, the
  // default session is given, for the call to run in.
  Result<std::shared_ptr<Session>> find_to_close(std::string_view handle);
  // kTooLarge when there are too many.
  Result<Opened> open(const OpenOptions& options);
  // All of the changes or none. kConflict when `expected_version` is not the session's; kTooLarge
  // over a limit.
  Result<Updated> update(std::string_view handle, const Changes& changes);
  // The same of a session that find() or known() has given.
  Result<Updated> update(Session& session, const Changes& changes);
  // All of the updates or none, in their order. The error says which one failed.
  Result<std::vector<Updated>> update_all(std::span<const Update> updates);
  // The record and the state of one moment, as much as `options` has room for.
  Result<StateView> state(std::string_view handle, const StateOptions& options);
  // The same of a session that find() or known() has given.
  Result<StateView> state(Session& session, const StateOptions& options);
  Result<Listed> list(const ListOptions& options);
  // Needs nothing of the root but that it is allowed here. The default session cannot be closed
  // (kDenied).
  Result<store::Written> close(std::string_view handle);

  // Counts a call of the session. True when store_use() should be called soon, on a thread that may
  // wait for the disk.
  bool note_use(Session& session, std::int64_t now_ms);
  bool note_use(Session& session) { return note_use(session, clock_.wall_ms()); }
  void store_use();
  // Stores the last use of the sessions at hand. At an orderly end.
  void remember_use();
  // Takes out up to about `most` sessions that expired; true when there may be more.
  bool sweep(std::size_t most);

  // At hand in this process, with the default session.
  std::size_t in_use() const { return loaded_.size() + 1; }
  Totals totals() const { return rows::totals(store_); }
  // Why sessions do not outlive this process; "" when they do, and when that was asked for.
  std::string memory_note() const;
  // What a store that was damaged has left of the sessions; "" when nothing is known to be lost.
  std::string repair_note() const { return *repair_note_.lock(); }

 private:
  // What works in the background hold, so that they find out that the sessions are gone.
  struct Alive {
    Guarded<Sessions*> sessions;
  };

  Result<std::shared_ptr<Session>> find(std::string_view handle, bool as_stored,
                                        std::int64_t now_ms);
  Result<std::shared_ptr<Session>> load(std::string_view handle, std::uint64_t generation,
                                        std::shared_ptr<Session> known);
  // `instead`: what would work.
  Failure unknown(std::string_view instead =
                      "leave 'session' out for the default session, or call session_open") const;
  Failure expired(const Record& record) const;
  // `error`: why the root of `record` cannot be opened.
  Failure rootless(const Record& record, const Error& error) const;
  Result<std::int64_t> ttl_of(std::optional<std::int64_t> asked) const;
  Result<void> check_label(std::string_view label) const;
  // Of the default session that `session` is, or of a new one when null.
  Record default_record(std::optional<Record> stored, const Session* session) const;
  std::shared_ptr<Session> make(const Record& record, Roots::Place place) const;
  std::shared_ptr<Session> make_default();
  void move_default();

  Result<void> make_room(store::Transaction& change, std::span<const std::string> candidates);
  Result<void> check(const Changes& changes, bool is_default) const;
  // `now`: the record that it leaves.
  Result<void> apply(store::Transaction& change, const Session& session, const Changes& changes,
                     Record& now);

  struct Filter;
  Result<std::vector<std::string>> page_of(const Filter& filter, std::size_t skip,
                                           std::size_t count);

  // Gives records of version 1 their rows, once for a store, and makes index and totals agree with
  // the records when some were lost.
  void settle();
  Result<void> repair();
  Result<void> recount();
  void note_repair(std::uint64_t sessions, std::uint64_t partly, std::uint64_t lost);
  // `ttl_s`: as stored.
  bool in_use_here(std::string_view id, std::int64_t ttl_s, std::int64_t now_ms) const;
  void sweep_later();
  void in_background(std::chrono::milliseconds delay, void (Sessions::*work)());
  void sweep_in_background();

  const Config config_;
  Roots roots_;
  store::Store& store_;
  const Clock& clock_;
  // Owners: this, and the ledgers, which calls may hold longer.
  const std::shared_ptr<LedgerMemory> ledger_memory_;
  Loaded loaded_;
  mutable Guarded<std::shared_ptr<Session>> default_;  // moves with the client's roots
  struct Use {
    std::string handle;
    std::int64_t used_ms = 0;
  };
  Guarded<std::vector<Use>> due_;  // to be stored
  std::atomic<bool> settled_{false};
  mutable Guarded<std::string> repair_note_;
  std::atomic<std::uint64_t> repaired_{0};  // the store's doubts that repair() has seen
  std::atomic<std::int64_t> repaired_ms_{0};
  std::atomic<bool> sweeping_{false};      // a sweep is due in the background
  std::atomic<std::int64_t> swept_ms_{0};  // without a background
  const std::shared_ptr<Alive> alive_;
};

}  // namespace quarry::session
