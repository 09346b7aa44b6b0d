// Indexer: makes and renews the content indexes of the trees that are searched, in the background.
//
// A tree is learnt from the second search on that had to read kWorthFiles of its files or more: a
// single call must not pay, and a small tree is read faster than looked up. After a slice of work
// as much rest follows, so that learning takes at most half of one processor. All indexes together
// hold at most `most_bytes` of signatures; what does not fit is read by each search.
//
// learn() is safe from any thread. `background` drops its works before the indexer ends.

#pragma once

#include <cstdint>
#include <memory>

#include "server/base/background.h"
#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/pool/pool.h"
#include "server/search/content_index.h"
#include "server/store/store.h"

namespace quarry::search {

class Catalogue;

class Indexer {
 public:
  static constexpr std::uint64_t kWorthFiles = 256;
  static constexpr std::uint64_t kWorthSearches = 2;
  static constexpr std::int64_t kSliceNs = 20'000'000;
  static constexpr std::int64_t kPeekSteps = 16'000'000;  // of ignore rules, as Pace counts them

  // Everything outlives it.
  struct Parts {
    Background& background;
    store::Store& store;
    const Clock& clock;
    std::size_t most_bytes;
  };
  explicit Indexer(const Parts& parts)
      : parts_(parts),
        texts_(parts.store, parts.clock),
        budget_{.most = parts.most_bytes},
        token_(parts.clock) {}

  std::unique_ptr<ContentIndex> make_index() {
    return std::make_unique<ContentIndex>(texts_, budget_, parts_.clock);
  }
  // Brings the index of `catalogue` up to the tree as it is, unless somebody is at it.
  void learn(const std::shared_ptr<Catalogue>& catalogue);

 private:
  void step(const std::shared_ptr<Catalogue>& catalogue);

  const Parts parts_;
  IndexedTexts texts_;  // the background's alone
  IndexBudget budget_;
  CancelToken token_;  // never cancelled
  pool::Pool alone_{{.workers = 0}};
};

}  // namespace quarry::search
