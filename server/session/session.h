// Session: one client's view of one tree, as this process has it loaded: a handle, a root inside
// the allowed ones, whether it may write, and the order of its calls.
//
// The handle is 128 random bits and the only way to a session. Sessions made by open() are durable
// and outlive the process; the default session is made from the command line and called "default".
// A session is loaded once in a process, so that its calls have one order; its record follows what
// other processes store.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/base/guarded.h"
#include "server/session/ledger.h"
#include "server/session/order.h"
#include "server/session/record.h"
#include "server/session/roots.h"
#include "server/store/store.h"

namespace quarry::session {

// What the ledger of one session may take, of what all may take together.
struct LedgerRoom {
  Ledger::Bounds bounds;
  std::shared_ptr<LedgerMemory> memory;
};

class Session {
 public:
  // `heavy_calls`: how many of its heavy calls may be with the workers at one time. `ledger`: what
  // the session's own may take, when its record asks for one.
  Session(const Record& record, Roots::Place place, std::size_t heavy_calls,
          const LedgerRoom& ledger);

  const std::string& handle() const { return handle_; }
  const std::string& root() const { return root_; }
  bool read_only() const { return read_only_; }
  const sandbox::Workspace& workspace() const { return *place_.workspace; }
  const std::shared_ptr<const sandbox::Workspace>& shared_workspace() const {
    return place_.workspace;
  }
  git::GitClient& git() const { return *place_.git; }
  Order& order() { return order_; }
  // What the session has received; null unless it was opened so.
  Ledger* ledger() const { return ledger_.get(); }
  Branch& branch() const { return *place_.branch; }

  // As stored when it was last looked at, with the last use by this process.
  Record record() const {
    Record now;
    read_record(now);
    return now;
  }
  void read_record(Record& now) const;
  // Takes over what is stored; at that generation of the store, when it is known.
  void adopt(const Record& record, std::uint64_t generation);
  // What was taken over, if it is what is stored at `generation`.
  std::optional<Record> stored_at(std::uint64_t generation) const;

  // Expired by what is known here. `now_ms` is the wall clock.
  bool lapsed(std::int64_t now_ms) const;
  // The same by a time to live that another process may have given it since.
  bool lapsed(std::int64_t now_ms, std::int64_t ttl_s) const;
  // Counts a call. True when the last use has moved so far that it has to be stored; the caller
  // then does that, as no second caller is told.
  bool touch(std::int64_t now_ms);
  std::int64_t used_ms() const { return used_ms_.load(std::memory_order_relaxed); }
  // Uses that are not stored yet.
  bool use_unstored() const { return used_ms() > stored_ms_.load(std::memory_order_relaxed); }

  // Calls that were sent before the closing finish; later ones find closed().
  void close() { closed_.store(true, std::memory_order_relaxed); }
  bool closed() const { return closed_.load(std::memory_order_relaxed); }
  std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }

  // The store's generation at which the record was last known to be current.
  std::uint64_t checked() const { return checked_.load(std::memory_order_relaxed); }

 private:
  // What a record has beside the names that never change.
  struct Stored {
    Standing standing;
    std::string label;
  };

  const std::string handle_;
  const std::string root_;
  const bool read_only_;
  const Roots::Place place_;
  Guarded<Stored> mutable stored_;
  Order order_;
  const std::unique_ptr<Ledger> ledger_;
  // Relaxed, all: figures that order nothing.
  std::atomic<std::int64_t> used_ms_;
  std::atomic<std::int64_t> stored_ms_;  // the use that is stored, or about to be
  std::atomic<std::int64_t> ttl_s_;
  std::atomic<std::uint64_t> checked_{store::kNoGeneration};  // written under the lock of `stored_`
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace quarry::session
