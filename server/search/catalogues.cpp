#include "server/search/catalogues.h"

#include <algorithm>

namespace quarry::search {

std::shared_ptr<Catalogue> Catalogues::find(const std::shared_ptr<watch::Tree>& tree) {
  std::shared_ptr<Catalogue> found;
  std::shared_ptr<Catalogue> oldest;  // that holds something, when there is too much
  {
    auto table = table_.lock();
    std::shared_ptr<Catalogue>& known = (*table)[tree->serial()];
    if (!known) known = std::make_shared<Catalogue>(tree, clock_, limits_, indexer_);
    found = known;
    std::uint64_t bytes = 0;
    for (const auto& [serial, catalogue] : *table) {
      const std::uint64_t held = catalogue->stats().bytes;
      bytes += held;
      if (held == 0 || catalogue == found) continue;
      if (!oldest || catalogue->used_ns() < oldest->used_ns()) oldest = catalogue;
    }
    if (bytes <= limits_.bytes) oldest = nullptr;
  }
  if (oldest) oldest->drop();
  return found;
}

void Catalogues::forget(std::uint64_t serial) {
  std::shared_ptr<Catalogue> forgotten;  // freed without the lock
  auto table = table_.lock();
  if (const auto known = table->find(serial); known != table->end()) {
    forgotten = std::move(known->second);
    table->erase(known);
  }
  table.unlock();
}

ContentIndex::Stats Catalogues::content_stats() const {
  ContentIndex::Stats sum;
  auto table = table_.lock();
  for (const auto& [serial, catalogue] : *table) {
    if (catalogue->contents() == nullptr) continue;
    const ContentIndex::Stats one = catalogue->contents()->stats();
    sum.files += one.files;
    sum.bytes += one.bytes;
    sum.sifted += one.sifted;
    sum.waiting += one.waiting;
    sum.full = sum.full || one.full;
    // Of the one reader of them all.
    sum.read_bytes = std::max(sum.read_bytes, one.read_bytes);
    sum.from_store = std::max(sum.from_store, one.from_store);
  }
  return sum;
}

CatalogueStats Catalogues::stats() const {
  CatalogueStats sum;
  auto table = table_.lock();
  for (const auto& [serial, catalogue] : *table) {
    const CatalogueStats one = catalogue->stats();
    sum.entries += one.entries;
    sum.directories += one.directories;
    sum.bytes += one.bytes;
    sum.hits += one.hits;
    sum.renewals += one.renewals;
    sum.builds += one.builds;
    sum.too_large = sum.too_large || one.too_large;
  }
  return sum;
}

}  // namespace quarry::search
