// A power cut at any moment: what was written to the state's file and when it was synchronised is
// recorded; then the file is built as the disk could hold it after each of these operations, with
// any of the writes since the last synchronisation missing.
//
// QUARRY_LONG_TESTS=1: every operation, and more ways to lose writes.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/store.h"
#include "tests/store/faulty_calls.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;
using Kind = FileOperation::Kind;

constexpr int kChanges = 60;
constexpr int kTwinCount = 3;

std::string step_value(int n) {
  // Some are longer than a page, some fill several.
  return std::to_string(n) + ":" +
         std::string(static_cast<std::size_t>(n % 5 == 0 ? 9000 : n * 37 % 900), 'p');
}

Result<Written> write_step(Store& store, int n) {
  return store.change([&](Transaction& txn) -> Result<void> {
    for (int i = 0; i < kTwinCount; ++i) {
      TRY(txn.put(Table::kSessions, "twin " + std::to_string(i), step_value(n)));
    }
    if (n > 10) TRY(txn.erase(Table::kSessionIndex, std::to_string(n - 10)));
    return txn.put(Table::kSessionIndex, std::to_string(n), step_value(n));
  });
}

// What happens to the state's file; a mark: that change, and all before, are acknowledged as on
// disk.
std::vector<FileOperation> record_scenario(const std::string& directory) {
  record_file(directory + "/state/data.mdb", directory + "/state.new/data.mdb");
  for (int half = 0; half < 2; ++half) {
    const auto store =
        Store::at(directory, {.durability = half == 0 ? Durability::kNormal : Durability::kFull});
    for (int n = half * kChanges / 2 + 1; n <= (half + 1) * kChanges / 2; ++n) {
      const Result<Written> written = write_step(*store, n);
      REQUIRE(written);
      if (!written->durable && n % 4 == 0) REQUIRE(store->flush());
      if (written->durable || n % 4 == 0) add_mark(n);
    }
  }
  return stop_recording();
}

void put_at(std::string& file, const FileOperation& operation) {
  const auto at = static_cast<std::size_t>(operation.at);
  file.resize(std::max(file.size(), at + operation.bytes.size()), '\0');
  std::copy(operation.bytes.begin(), operation.bytes.end(),
            file.begin() + static_cast<std::ptrdiff_t>(at));
}

// The change that the file holds, or -1 and why not.
int reached_in(const std::string& directory, int durable, std::string& wrong) {
  const auto store = Store::at(directory);
  if (store->stats().mode != "lmdb") wrong = "it does not open: " + store->stats().note;
  const auto first = store->get(Table::kSessions, "twin 0");
  const int reached = first ? std::atoi(first->c_str()) : 0;
  if (reached < durable) wrong = "a change that was on disk is lost";
  if (first && *first != step_value(reached)) wrong = "a value is torn";
  for (int i = 1; i < kTwinCount; ++i) {
    if (store->get(Table::kSessions, "twin " + std::to_string(i)) != first) {
      wrong = "a change is torn";
    }
  }
  for (int n = 1; n <= kChanges; ++n) {
    const bool wanted = n <= reached && n + 10 > reached;
    const auto value = store->get(Table::kSessionIndex, std::to_string(n));
    if (value.has_value() != wanted) wrong = "changes are mixed";
    if (value && *value != step_value(n)) wrong = "a value is torn";
  }
  if (store->stats().damaged != 0) wrong = "it is damaged";
  if (durable > 0 && access((directory + "/state.damaged").c_str(), F_OK) == 0) {
    wrong = "it was set aside";
  }
  if (!store->put(Table::kSessions, "after", "the cut")) wrong = "it takes nothing new";
  return reached;
}

TEST_CASE("store opens after a power cut at any moment with all that was on disk") {
  const bool all = std::getenv("QUARRY_LONG_TESTS") != nullptr;
  const TempWorkspace files;
  const std::vector<FileOperation> operations = record_scenario(files.path("s"));
  REQUIRE(operations.size() > 100);
  std::mt19937 random(20260102);
  std::string on_disk;                      // what is surely there
  std::vector<const FileOperation*> loose;  // may be there or not
  int durable = 0;
  int cuts = 0;
  for (const FileOperation& operation : operations) {
    switch (operation.kind) {
      case Kind::kWrite:
        loose.push_back(&operation);
        break;
      case Kind::kDurableWrite:
        loose.push_back(&operation);  // until it returns
        break;
      case Kind::kSync:
        for (const FileOperation* write : loose) put_at(on_disk, *write);
        loose.clear();
        break;
      case Kind::kMark:
        durable = operation.mark;
        break;
    }
    for (int way = 0; way < (all ? 8 : 1); ++way) {
      std::string file = on_disk;
      for (const FileOperation* write : loose) {
        if (way == 0 && all) continue;  // none
        if (way == 1 || random() % 2 == 0) put_at(file, *write);
      }
      const TempWorkspace cut;
      cut.make_directory("s/state");
      REQUIRE(chmod(cut.path("s").c_str(), 0700) == 0);
      for (const char* note : {"version", "recent.boot", "cache.boot"}) {
        cut.write(std::string("s/") + note, files.read(std::string("s/") + note));
      }
      std::ofstream(cut.path("s/state/data.mdb"), std::ios::binary)
          .write(file.data(), static_cast<std::streamsize>(file.size()));
      std::string wrong;
      const int reached = reached_in(cut.path("s"), durable, wrong);
      INFO("cut " << cuts << ", on disk " << durable << ", found " << reached);
      CHECK(wrong.empty());
      if (!wrong.empty()) FAIL(wrong);
      ++cuts;
    }
    if (operation.kind == Kind::kDurableWrite) {
      put_at(on_disk, operation);
      std::erase(loose, &operation);
    }
  }
  CHECK(durable == kChanges);
  CHECK(cuts > 100);
}

}  // namespace
}  // namespace quarry::store
