// What comes back of a damaged state, and what must not.

#include "server/store/salvage.h"

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "server/store/store.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

constexpr int kSalvaged = 100;
constexpr int kErasedEach = 5;

std::string key_of(int i) {
  return "key " + std::to_string(1000 + i);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Some records, of which the last change erased each fifth.
void fill_with_gaps(const std::string& directory) {
  const auto store = Store::at(directory, {.durability = Durability::kFull});
  REQUIRE(store->change([](Transaction& change) -> Result<void> {
    for (int i = 0; i < kSalvaged; ++i) {
      TRY(change.put(Table::kSessionIndex, key_of(i), std::string(300, 'v')));
    }
    return {};
  }));
  REQUIRE(store->change([](Transaction& change) -> Result<void> {
    for (int i = 0; i < kSalvaged; i += kErasedEach) {
      TRY(change.erase(Table::kSessionIndex, key_of(i)));
    }
    return {};
  }));
}

// The page of the newest tree that holds record 31: it does not hold 30 any more.
std::size_t page_of_31(const std::string& bytes) {
  for (std::size_t at = 2 * 4096; at < bytes.size(); at += 4096) {
    const std::string_view page = std::string_view(bytes).substr(at, 4096);
    if (page.find(key_of(31)) == std::string_view::npos) continue;
    if (page.find(key_of(30)) == std::string_view::npos) return at;
  }
  FAIL("not found");
  return 0;
}

TEST_CASE("salvage takes from the older tree only what lies where the newer one cannot be read") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  fill_with_gaps(directory);
  std::string bytes = content_of(directory + "/state/data.mdb");
  std::fill_n(bytes.begin() + static_cast<long>(page_of_31(bytes)), 4096, '\0');
  files.write("s/state/data.mdb", bytes);

  const auto store = Store::at(directory);
  int back = 0;
  for (int i = 0; i < kSalvaged; ++i) {
    INFO(key_of(i));
    const bool there = store->get(Table::kSessionIndex, key_of(i)).has_value();
    const bool erased = i % kErasedEach == 0;
    if (!erased) CHECK(there);
    if (!erased || !there) continue;
    ++back;
    CHECK(store->may_have_lost(Table::kSessionIndex, key_of(i)));
  }
  CHECK(back <= 3);  // a page holds a dozen
  CHECK(store->may_have_lost(Table::kSessionIndex, key_of(31)));
  CHECK_FALSE(store->may_have_lost(Table::kSessionIndex, key_of(0)));
  CHECK_FALSE(store->may_have_lost(Table::kSessions, "other"));
  CHECK(store->stats().note == "a damaged 'state' was set aside when the store was opened: " +
                                   std::to_string(kSalvaged - kSalvaged / kErasedEach + back) +
                                   " of its records were recovered, none is known to be lost");
}

TEST_CASE("salvage of what was salvaged doubts what was in doubt already") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  fill_with_gaps(directory);
  const auto damage = [&](int record) {
    std::string bytes = content_of(directory + "/state/data.mdb");
    for (std::size_t at = 2 * 4096; at < bytes.size(); at += 4096) {
      const bool holds =
          std::string_view(bytes).substr(at, 4096).find(key_of(record)) != std::string::npos;
      if (holds) std::fill_n(bytes.begin() + static_cast<long>(at), 4096, '\0');
    }
    files.write("s/state/data.mdb", bytes);
  };
  constexpr int kLast = kSalvaged - 2;
  damage(31);
  (void)Store::at(directory)->stats();
  damage(kLast);
  const auto store = Store::at(directory);
  CHECK(store->doubts() == 1);
  CHECK(store->may_have_lost(Table::kSessionIndex, key_of(31)));
  CHECK(store->may_have_lost(Table::kSessionIndex, key_of(kLast)));
  CHECK_FALSE(store->may_have_lost(Table::kSessionIndex, key_of(0)));
}

TEST_CASE("salvage says how much of a state is lost, or that it cannot tell") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  fill_with_gaps(directory);
  const std::string whole = content_of(directory + "/state/data.mdb");
  SECTION("a page of both trees") {
    std::string bytes = whole;
    for (std::size_t at = 2 * 4096; at < bytes.size(); at += 4096) {
      const bool holds =
          std::string_view(bytes).substr(at, 4096).find(key_of(31)) != std::string::npos;
      if (holds) std::fill_n(bytes.begin() + static_cast<long>(at), 4096, '\0');
    }
    files.write("s/state/data.mdb", bytes);
    const auto store = Store::at(directory);
    int lost = 0;
    for (int i = 0; i < kSalvaged; ++i) {
      const bool wanted = i % kErasedEach != 0;
      const bool there = store->get(Table::kSessionIndex, key_of(i)).has_value();
      lost += wanted && !there ? 1 : 0;
    }
    CHECK(lost > 5);
    CHECK(store->stats().note.ends_with(" at least " + std::to_string(lost) + " lost"));
  }
  SECTION("no first page") {
    files.write("s/state/data.mdb", std::string(8192, '\0') + whole.substr(8192));
    const auto store = Store::at(directory);
    CHECK(store->stats().note.ends_with(
        ": 0 of its records were recovered, how many were lost is not known"));
    CHECK(store->may_have_lost(Table::kSessionIndex, key_of(0)));
  }
}

}  // namespace
}  // namespace quarry::store
