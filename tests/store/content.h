// Content: what a store holds of one table, or should.

#pragma once

#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "server/store/store.h"

namespace quarry::store {

using Content = std::map<std::string, std::string>;

// Of Table::kSessionState.
inline Content content_of(Store& store) {
  Content content;
  REQUIRE(store.each(Table::kSessionState, [&](std::string_view key, std::string_view value) {
    return content.emplace(key, value).second;
  }));
  return content;
}

}  // namespace quarry::store
