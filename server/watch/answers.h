// Answers: finished answers that are kept while they are known to be current, and the calls that
// wait for one that is being made.
//
// A key names a question: a tree's serial number and everything that the question says; so one
// root's answers are never another's. An answer is kept with the Version of the tree that held
// before it was begun, and is given out only for the same Version, within kMaxAnswerAgeNs. Of equal
// questions at one version one is asked (it leads) and the others wait without a thread: join()
// parks a ticket, land() hands the tickets back.
//
// Bounded by entries and bytes; the least recently used goes first. Safe from any thread.

#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/base/guarded.h"
#include "server/watch/epochs.h"

namespace quarry::watch {

struct Answer {
  std::string text;
  std::string structured;
};

struct AnswerStats {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t joined = 0;  // waited for another call's answer and got it
  std::uint64_t evicted = 0;
  std::uint64_t invalidated = 0;  // found, but no longer current
};

class Answers {
 public:
  struct Limits {
    std::size_t entries = 256;
    std::size_t bytes = std::size_t{8} << 20U;
  };
  // What waits: opaque here.
  using Ticket = void*;

  explicit Answers(const Limits& limits) : limits_(limits) {}

  // The key of a question to the tree `serial`.
  static void begin_key(std::string& key, std::uint64_t serial);

  // A current answer, or null; `flying` says whether one is being made.
  std::shared_ptr<const Answer> find(const std::string& key, const Version& version,
                                     std::int64_t now_ns, bool& flying);
  // False when another call leads already. A call that leads must land.
  bool lead(const std::string& key, const Version& version);
  // True: parked until land(). False: there is nothing to wait for.
  bool join(const std::string& key, const Version& version, Ticket ticket);
  // The leading call is over, with an answer for those who wait or (null) without.
  std::vector<Ticket> land(const std::string& key, const Version& version, bool answered);
  // `begun_ns`: when the answer was begun.
  void keep(const std::string& key, const Version& version, std::shared_ptr<const Answer> answer,
            std::int64_t begun_ns);
  // Forgets the answers of a tree.
  void forget(std::uint64_t serial);

  AnswerStats stats() const;

 private:
  struct Entry {
    std::string key;
    Version version;
    std::int64_t begun_ns;
    // Owners: this table and whoever is sending it.
    std::shared_ptr<const Answer> answer;
    std::size_t bytes() const {
      return 2 * key.size() + answer->text.size() + answer->structured.size() + sizeof(Entry);
    }
  };
  using Entries = std::list<Entry>;
  struct State {
    Entries entries;  // most recently used first
    std::unordered_map<std::string, Entries::iterator> by_key;
    std::unordered_map<std::string, std::vector<Ticket>> flights;  // by key and version
    AnswerStats stats;
  };

  static void erase(State& state, Entries::iterator entry);

  const Limits limits_;
  mutable Guarded<State> state_;
};

}  // namespace quarry::watch
