// Ledger: which lines of which content this session has received, so that a file that it reads
// again is answered with as little as tells what is new.
//
// Kept in memory only, and only of sessions that were opened with it: what another process, or this
// one before it started again, has sent is not known to have been received. Lines count as received
// for a limited time, since a client forgets too. Bounded for each session and for all together;
// what was read longest ago goes first, texts that are kept to be compared with included.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/guarded.h"

namespace quarry::session {

// Of all ledgers of a process.
struct LedgerMemory {
  explicit LedgerMemory(std::size_t bytes) : most(bytes) {}
  const std::size_t most;
  std::atomic<std::size_t> used{0};  // relaxed: an account that orders nothing
};

class Ledger {
 public:
  struct Bounds {
    std::size_t bytes = 0;
    std::int64_t age_ms = 0;
  };

  // What an answer shows of a file's text.
  struct Reading {
    std::string key;  // the file, and whatever else decides how its bytes become text
    std::uint64_t hash = 0;
    std::int64_t first = 1;  // lines; of an empty file its line 1 is said to be shown
    std::int64_t last = 1;
    std::int64_t total = 1;
    std::shared_ptr<const std::string> text;  // of the whole file; null when it is not at hand
  };

  struct Look {
    // kReceived: this content, and all of these lines. kChanged: of other content.
    enum class Kind : std::uint8_t { kNew, kReceived, kChanged } kind = Kind::kNew;
    std::int64_t age_ms = 0;     // since the oldest of it was received
    std::uint64_t old_hash = 0;  // of kChanged
    bool whole = false;          // of kChanged: all lines of the other content were received
    std::shared_ptr<const std::string> old_text;  // of kChanged; null when it was not kept
  };

  // Owners of `memory`: the ledgers, and who makes them.
  Ledger(const Bounds& bounds, std::shared_ptr<LedgerMemory> memory);
  ~Ledger();

  Look look(const Reading& reading, std::int64_t now_ms) const;
  // `reading` was received. Texts longer than a quarter of the bound are not kept.
  void note(const Reading& reading, std::int64_t now_ms);
  // The client itself has made `after` of a content with the hash `before`: when it had received
  // all of that, it knows the rest, for as long as it would have known the oldest of it.
  void note_change(std::uint64_t before, const Reading& after, std::int64_t now_ms);
  std::size_t bytes() const { return content_.lock()->bytes; }

 private:
  struct Span {
    std::int64_t first = 0, last = 0, at_ms = 0;
  };
  struct Entry {
    std::string key;
    std::uint64_t hash = 0;
    std::int64_t total = 0;
    std::vector<Span> spans;
    std::shared_ptr<const std::string> text;
    std::size_t weight() const;
  };
  using Entries = std::list<Entry>;
  struct Content {
    Entries by_use;                                        // the last one first
    std::map<std::string_view, Entries::iterator> by_key;  // views into the entries
    std::size_t bytes = 0;
  };

  // When the oldest of lines `first` to `last` was received; -1 unless all were, in time.
  std::int64_t received(const Entry& entry, std::int64_t first, std::int64_t last,
                        std::int64_t now_ms) const;
  void add(Content& content, const Reading& reading, std::int64_t now_ms);
  void drop(Content& content, Entries::iterator entry);

  const Bounds bounds_;
  const std::shared_ptr<LedgerMemory> memory_;
  mutable Guarded<Content> content_;
};

}  // namespace quarry::session
