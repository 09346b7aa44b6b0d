// What the tests of both kinds of store share.

#pragma once

#include <functional>

#include <catch2/catch.hpp>

#include "server/store/store.h"
#include "tests/support/temp_workspace.h"

namespace quarry::store {

// Both kinds of store promise the same.
inline void for_both(const std::function<void(Store&)>& check) {
  const quarry::test::TempWorkspace files;
  const auto on_disk = Store::at(files.path("state-directory"));
  {
    INFO("on disk");
    check(*on_disk);
    CHECK(on_disk->stats().mode == "lmdb");
  }
  const auto in_memory = Store::in_memory();
  {
    INFO("in memory");
    check(*in_memory);
    CHECK(in_memory->stats().mode == "memory");
  }
}

}  // namespace quarry::store
