// Catalogues: the Catalogue of each tree in use, found by its watch.
//
// Together they hold at most catalogue_bytes: beyond, the least recently used trees are given back.
// Safe from any thread.

#pragma once

#include <map>
#include <memory>

#include "server/search/catalogue.h"

namespace quarry::search {

class Catalogues {
 public:
  // `clock` and `indexer` (may be null) outlive the catalogues.
  Catalogues(const Clock& clock, const CatalogueLimits& limits, Indexer* indexer)
      : clock_(clock), limits_(limits), indexer_(indexer) {}

  std::shared_ptr<Catalogue> find(const std::shared_ptr<watch::Tree>& tree);
  // Forgets that of the tree `serial`.
  void forget(std::uint64_t serial);
  // Of all together.
  CatalogueStats stats() const;
  ContentIndex::Stats content_stats() const;

 private:
  using Table = std::map<std::uint64_t, std::shared_ptr<Catalogue>>;

  const Clock& clock_;
  const CatalogueLimits limits_;
  Indexer* const indexer_;
  mutable Guarded<Table> table_;
};

}  // namespace quarry::search
