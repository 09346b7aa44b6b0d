// A state directory that is refused, as the tests of several units see it.

#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "server/store/store.h"

namespace quarry::store {

// A directory that is refused still gives a store, in memory, that says why.
inline void check_refused(const std::string& directory, const std::string& why) {
  const auto store = Store::at(directory);
  CHECK(store->put(Table::kSessions, "k", "v"));
  CHECK(store->get(Table::kSessions, "k") == "v");
  const StoreStats stats = store->stats();
  CHECK(stats.mode == "memory");
  CHECK(stats.note == why);
}

}  // namespace quarry::store
