// What the store does when its map, its cache or the disk is full.

#include <cerrno>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/lmdb_store.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "tests/store/refused.h"
#include "tests/store/support.h"
#include "tests/support/turned_clock.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;
using quarry::test::TurnedClock;

// A store whose durable half has a hundred pages.
std::unique_ptr<Store> open_small(const TempWorkspace& files) {
  LmdbStore::Options options;
  options.state_map_bytes = 400U << 10U;
  auto opened = LmdbStore::open(files.path("s"), options);
  REQUIRE(opened);
  return std::move(*opened);
}

TEST_CASE("state environment that is full refuses what is new and lets erase (SE-09)") {
  const TempWorkspace files;
  const auto opened = open_small(files);
  Store& store = *opened;
  const std::string value(3000, 'v');
  int stored = 0;
  Result<void> put;
  while ((put = store.put(Table::kSessions, std::to_string(stored), value))) ++stored;
  CHECK(put.error().code == Code::kTooLarge);
  CHECK(put.error().message == "the store is full; close sessions that are no longer needed");
  CHECK(stored > 50);
  for (int i = 0; i < stored; ++i) {
    REQUIRE(store.get(Table::kSessions, std::to_string(i)) == value);
  }
  for (int i = 0; i < stored; ++i) REQUIRE(store.erase(Table::kSessions, std::to_string(i)));
  for (int i = 0; i < stored / 2; ++i) {
    REQUIRE(store.put(Table::kSessions, std::to_string(i), value));
  }
}

TEST_CASE("state environment that was full takes as much again, whatever was pending (SE-09)") {
  // Records that take pages of their own, and such that share one: there a change of each takes the
  // most pages for its bytes.
  const std::size_t bytes = GENERATE(std::size_t{3000}, std::size_t{2100}, std::size_t{40});
  const bool flushed = GENERATE(false, true);
  CAPTURE(bytes, flushed);
  const TempWorkspace files;
  const auto opened = open_small(files);
  Store& store = *opened;
  const std::string value(bytes, 'v');
  int first = 0;
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    int stored = 0;
    while (store.put(Table::kSessions, std::to_string(stored), value)) ++stored;
    if (round == 0) first = stored;
    REQUIRE(stored > 50);
    REQUIRE(stored >= first * 3 / 4);
    if (flushed) REQUIRE(store.flush());
    for (int i = 0; i < stored; ++i) REQUIRE(store.erase(Table::kSessions, std::to_string(i)));
    if (flushed) REQUIRE(store.flush());
    for (int i = 0; i < stored / 2; ++i) {
      REQUIRE(store.put(Table::kSessions, std::to_string(i), value));
      REQUIRE(store.get(Table::kSessions, std::to_string(i)) == value);
    }
  }
  CHECK(store.flush());
}

TEST_CASE("cache that is full drops old records and takes new ones (SE-09)") {
  constexpr int kFilled = 20'000;
  const TempWorkspace files;
  TurnedClock clock;
  LmdbStore::Options options;
  options.cache_map_bytes = 4U << 20U;
  options.clock = &clock;
  auto opened = LmdbStore::open(files.path("s"), options);
  REQUIRE(opened);
  Store& store = **opened;
  const std::string value(1000, 'v');
  for (int i = 0; i < kFilled; ++i) {
    clock.now_ms += 1000;
    REQUIRE(store.put(Table::kGit, std::to_string(i), value));
    REQUIRE(store.get(Table::kGit, std::to_string(i)) == value);
  }
  // About three quarters of the map are in use, and by the younger records.
  int old_half = 0;
  int young_half = 0;
  REQUIRE(store.each(Table::kGit, [&](std::string_view key, std::string_view) {
    (std::stoi(std::string(key)) < kFilled - 3000 ? old_half : young_half) += 1;
    return true;
  }));
  CHECK(young_half > 1000);
  CHECK(old_half < young_half / 4);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(store.put(Table::kAnalysis, "long " + std::to_string(i), std::string(900'000, 'l')));
  }
  const Result<void> too_large = store.put(Table::kGit, "k", std::string(2U << 20U, 'x'));
  REQUIRE_FALSE(too_large);
  CHECK(too_large.error().code == Code::kTooLarge);
}

// A file system on `where`, for the life of the object.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& where, const char* size = "2m") : where_(where) {
    const std::string options = std::string("mode=0700,size=") + size;
    mounted_ = mount("tmpfs", where.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(where_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::string where_;
  bool mounted_ = false;
};

TEST_CASE("store on a full disk fails by name, keeps what it has and goes on (SE-09)") {
  const TempWorkspace files;
  files.make_directory("disk");
  const SmallDisk disk(files.path("disk"));
  if (!disk.mounted()) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  const auto store = Store::at(files.path("disk/s"));
  const std::string value(20'000, 'v');
  int stored = 0;
  Result<void> put;
  while ((put = store->put(Table::kSessions, std::to_string(stored), value))) ++stored;
  CHECK(put.error().code == Code::kUnavailable);
  CHECK(put.error().message ==
        "no space left for the state directory; close sessions that are no longer needed, free "
        "space on its disk, or start quarry with another --state-dir");
  CHECK(stored > 10);
  for (int i = 0; i < stored; ++i) {
    REQUIRE(store->get(Table::kSessions, std::to_string(i)) == value);
  }
  // What is to make room is not refused.
  for (int i = 0; i < 5; ++i) CHECK(store->erase(Table::kSessions, std::to_string(i)));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(store->get(Table::kSessions, std::to_string(i)));
  const Result<void> cached = store->put(Table::kGit, "k", std::string(300'000, 'c'));
  CHECK_FALSE(cached);
  // Room from outside is used, too.
  REQUIRE(mount("tmpfs", files.path("disk").c_str(), "tmpfs", MS_REMOUNT, "size=8m") == 0);
  CHECK(store->put(Table::kSessions, "after", value));
  CHECK(store->put(Table::kGit, "k", std::string(300'000, 'c')));
  CHECK(store->get(Table::kSessions, "after") == value);
}

constexpr int kStored = 400;

// Erases every second record, from `first` on.
int erase_half(Store& store, int first) {
  int refused = 0;
  for (int i = first; i < kStored; i += 2) {
    const std::string key = std::to_string(i);
    if (!store.put(Table::kSessions, key, "less")) ++refused;
    if (!store.erase(Table::kSessions, key)) ++refused;
  }
  return refused;
}

TEST_CASE("store on a disk that others fill to the last block erases all it has, and is of use") {
  const bool flushed = GENERATE(false, true);
  const Durability durability = GENERATE(Durability::kNormal, Durability::kFull);
  CAPTURE(flushed, durability);
  const TempWorkspace files;
  files.make_directory("disk");
  const SmallDisk disk(files.path("disk"), "8m");
  if (!disk.mounted()) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  const Pipe to_child, to_parent;
  const pid_t child = start_process([&] {
    if (!to_child.wait()) return 1;
    const auto other = Store::at(files.path("disk/s"), {.durability = durability});
    to_parent.tell();
    return to_child.wait() && erase_half(*other, 1) == 0 && other->flush() ? 0 : 2;
  });
  const auto store = Store::at(files.path("disk/s"), {.durability = durability});
  const std::string value(1000, 'v');
  for (int i = 0; i < kStored; ++i) REQUIRE(store->put(Table::kSessions, std::to_string(i), value));
  if (flushed) REQUIRE(store->flush());
  to_child.tell();
  REQUIRE(to_parent.wait());
  const Fd filler(open(files.path("disk/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  while (write(filler.get(), value.data(), 512) > 0) continue;
  REQUIRE(errno == ENOSPC);
  to_child.tell();
  CHECK(erase_half(*store, 0) == 0);
  CHECK(exit_code(child) == 0);
  CHECK(store->flush());
  for (int i = 0; i < kStored; ++i) CHECK_FALSE(store->get(Table::kSessions, std::to_string(i)));
  // What was freed is used again, and no more than that.
  for (int round = 0; round < 3; ++round) {
    int stored = 0;
    while (store->put(Table::kSessions, std::to_string(stored), value)) ++stored;
    CHECK(stored > kStored / 4);
    for (int i = 0; i < stored; ++i) CHECK(store->erase(Table::kSessions, std::to_string(i)));
  }
  CHECK(store->stats().mode == "lmdb");
}

TEST_CASE("store on a disk without any space works in memory (SE-09)") {
  const TempWorkspace files;
  files.make_directory("disk");
  const SmallDisk disk(files.path("disk"));
  if (!disk.mounted()) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  files.make_directory("disk/s");
  REQUIRE(chmod(files.path("disk/s").c_str(), 0700) == 0);
  files.write("disk/filler", std::string(2U << 20U, 'f'));
  check_refused(files.path("disk/s"), "no space left for the state directory");
}

}  // namespace
}  // namespace quarry::store
