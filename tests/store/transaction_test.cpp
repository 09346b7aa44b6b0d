#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/store/store.h"
#include "tests/store/both_kinds.h"

namespace quarry::store {
namespace {

std::vector<std::string> scanned(Store& store, std::string_view prefix, std::string_view after) {
  std::vector<std::string> keys;
  REQUIRE(store.scan(Table::kSessionIndex, prefix, after,
                     [&](std::string_view key, std::string_view value) {
                       CHECK(value == "v");
                       keys.emplace_back(key);
                       return true;
                     }));
  return keys;
}

TEST_CASE("store: a change is done as a whole, and sees itself") {
  for_both([](Store& store) {
    REQUIRE(store.put(Table::kSessions, "a", "1"));
    REQUIRE(store.change([](Transaction& txn) -> Result<void> {
      CHECK(txn.get(Table::kSessions, "a") == "1");
      TRY(txn.put(Table::kSessions, "a", "2"));
      CHECK(txn.get(Table::kSessions, "a") == "2");
      TRY(txn.put(Table::kSessionIndex, "x", "v"));
      TRY(txn.erase(Table::kSessions, "never there"));
      int seen = 0;
      TRY(txn.scan(Table::kSessionIndex, "", "", [&](std::string_view key, std::string_view) {
        CHECK(key == "x");
        ++seen;
        return true;
      }));
      CHECK(seen == 1);
      return {};
    }));
    CHECK(store.get(Table::kSessions, "a") == "2");
    CHECK(store.get(Table::kSessionIndex, "x") == "v");
  });
}

TEST_CASE("store: a change whose work fails leaves nothing behind") {
  for_both([](Store& store) {
    REQUIRE(store.put(Table::kSessions, "a", "1"));
    const auto changed = store.change([](Transaction& txn) -> Result<void> {
      TRY(txn.put(Table::kSessions, "a", "2"));
      TRY(txn.put(Table::kSessions, "b", "2"));
      TRY(txn.erase(Table::kSessions, "a"));
      return fail(Code::kConflict, "no");
    });
    REQUIRE_FALSE(changed);
    CHECK(changed.error().code == Code::kConflict);
    CHECK(store.get(Table::kSessions, "a") == "1");
    CHECK_FALSE(store.get(Table::kSessions, "b"));
  });
}

TEST_CASE("store: ordered tables are scanned by prefix, after a key, in the order of bytes") {
  for_both([](Store& store) {
    for (const char* key : {"b2", "a1", "b1", "b", "c", "b10", "\xff"}) {
      REQUIRE(store.put(Table::kSessionIndex, key, "v"));
    }
    using Keys = std::vector<std::string>;
    CHECK(scanned(store, "", "") == Keys{"a1", "b", "b1", "b10", "b2", "c", "\xff"});
    CHECK(scanned(store, "b", "") == Keys{"b", "b1", "b10", "b2"});
    CHECK(scanned(store, "b", "b1") == Keys{"b10", "b2"});
    CHECK(scanned(store, "b", "a") == Keys{"b", "b1", "b10", "b2"});
    CHECK(scanned(store, "b", "c").empty());
    CHECK(scanned(store, "d", "").empty());
  });
}

TEST_CASE("store: a scan goes on over many records and stops when told") {
  for_both([](Store& store) {
    REQUIRE(store.change([](Transaction& txn) -> Result<void> {
      for (int i = 0; i < 1000; ++i) {
        TRY(txn.put(Table::kSessionIndex, "k" + std::to_string(10'000 + i), "v"));
      }
      return {};
    }));
    CHECK(scanned(store, "k", "").size() == 1000);
    int seen = 0;
    REQUIRE(store.scan(Table::kSessionIndex, "k", "k10299",
                       [&](std::string_view, std::string_view) { return ++seen < 600; }));
    CHECK(seen == 600);
  });
}

TEST_CASE("store: an ordered key has at most kMaxOrderedKeyBytes") {
  for_both([](Store& store) {
    const std::string longest(kMaxOrderedKeyBytes, 'k');
    REQUIRE(store.put(Table::kSessionIndex, longest, "v"));
    CHECK(store.get(Table::kSessionIndex, longest) == "v");
    const auto too_long = store.put(Table::kSessionIndex, longest + "k", "v");
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code == Code::kTooLarge);
    CHECK_FALSE(store.get(Table::kSessionIndex, longest + "k"));
    CHECK(scanned(store, "", "").size() == 1);
  });
}

TEST_CASE("store: the generation tells of every change") {
  for_both([](Store& store) {
    REQUIRE(store.put(Table::kSessions, "a", "1"));
    const std::uint64_t first = store.generation();
    CHECK(store.get(Table::kSessions, "a") == "1");
    CHECK(store.generation() == first);
    REQUIRE(store.put(Table::kSessions, "a", "1"));
    const std::uint64_t second = store.generation();
    CHECK(second != first);
    REQUIRE(store.change([](Transaction& txn) { return txn.erase(Table::kSessions, "a"); }));
    CHECK(store.generation() != second);
  });
}

}  // namespace
}  // namespace quarry::store
