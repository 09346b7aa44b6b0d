// State directories that earlier versions wrote: taken over, or left alone while in use.

#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/covered.h"
#include "server/store/environment.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "tests/store/refused.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using test::TempWorkspace;

// As version 1 wrote it: `state` alone.
void write_version_1(const TempWorkspace& files) {
  for (const char* name : {"s", "s/state", "s/cache"}) files.make_directory(name);
  REQUIRE(chmod(files.path("s").c_str(), 0700) == 0);
  const auto state = Environment::open(files.path("s/state"), {.map_bytes = 1U << 30U});
  REQUIRE(state);
  REQUIRE((*state)->change([](Environment::Change& change) -> Result<void> {
    for (int i = 0; i < 100; ++i) {
      const std::string key = "session " + std::to_string(i);
      TRY(change.put(record_key(Table::kSessions, key).view(),
                     encode_record(Table::kSessions, key, "of " + key, 1'700'000'000)));
    }
    return {};
  }));
  files.write("s/version", "quarry state 1\n");
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

// As version 2 wrote it, with changes that never came into `state`: `recent` is a database too.
void write_version_2(const TempWorkspace& files) {
  write_version_1(files);
  files.make_directory("s/recent");
  constexpr std::uint64_t kEpoch = 77;
  const auto put = [](Environment::Change& change, const std::string& key, std::uint64_t number,
                      const std::string& value) {
    return change.put(record_key(Table::kSessions, key).view(), encode_number(number),
                      encode_record(Table::kSessions, key, value, 1'700'000'000));
  };
  const auto state = Environment::open(files.path("s/state"), {.map_bytes = 1U << 30U});
  REQUIRE(state);
  REQUIRE((*state)->change([&](Environment::Change& change) {
    return change.put(kOwnKey, encode_covered({kEpoch, 5}));
  }));
  const auto recent = Environment::open(files.path("s/recent"), {.map_bytes = 32U << 20U});
  REQUIRE(recent);
  REQUIRE((*recent)->change([&](Environment::Change& change) -> Result<void> {
    TRY(change.put(kOwnKey, encode_number(kEpoch)));
    TRY(put(change, "session 1", 5, "covered, and so of no account"));
    TRY(put(change, "session 2", 6, "changed"));
    TRY(put(change, "added", 7, "since"));
    return change.put(record_key(Table::kSessions, "session 3").view(), encode_number(8));
  }));
  files.write("s/recent.boot", boot_id() + "\n");
  files.write("s/version", "quarry state 2\n");
}

TEST_CASE("state directory of version 2 is taken over with what was not in its state (SE-15)") {
  const TempWorkspace files;
  write_version_2(files);
  for (int round = 0; round < 2; ++round) {
    const auto store = Store::at(files.path("s"));
    CHECK(store->get(Table::kSessions, "session 1") == "of session 1");
    CHECK(store->get(Table::kSessions, "session 2") == "changed");
    CHECK(store->get(Table::kSessions, "added") == "since");
    CHECK_FALSE(store->get(Table::kSessions, "session 3"));
    CHECK(store->get(Table::kSessions, "session 4") == "of session 4");
    CHECK(store->put(Table::kSessions, "new", "too"));
    CHECK(store->stats().mode == "lmdb");
    CHECK(files.read("s/version") == "quarry state 4\n");
    CHECK(access(files.path("s/recent/data.mdb").c_str(), F_OK) != 0);
  }
}

TEST_CASE("state directory of version 3 is taken over with its recent changes (SE-15)") {
  const TempWorkspace files;
  REQUIRE(Store::at(files.path("s"))->put(Table::kSessions, "k", "not in its state yet"));
  files.write("s/version", "quarry state 3\n");  // the log differs by nothing that is written
  CHECK(Store::at(files.path("s"))->get(Table::kSessions, "k") == "not in its state yet");
  CHECK(files.read("s/version") == "quarry state 4\n");
}

TEST_CASE("state directory of version 2 whose recent changes are damaged keeps its state (SE-15)") {
  const TempWorkspace files;
  write_version_2(files);
  files.write("s/recent/data.mdb", std::string(9000, 'x'));
  const auto store = Store::at(files.path("s"));
  CHECK(store->get(Table::kSessions, "session 2") == "of session 2");
  CHECK(store->put(Table::kSessions, "new", "too"));
  CHECK(access(files.path("s/recent.damaged").c_str(), F_OK) == 0);
}

TEST_CASE("state directory of the version before is taken over (SE-15)") {
  const TempWorkspace files;
  write_version_1(files);
  for (int round = 0; round < 2; ++round) {
    const auto store = Store::at(files.path("s"));
    for (int i = 0; i < 100; ++i) {
      const std::string key = "session " + std::to_string(i);
      CHECK(store->get(Table::kSessions, key) == "of " + key);
    }
    CHECK(store->put(Table::kSessions, "new", "too"));
    CHECK(store->stats().mode == "lmdb");
    CHECK(files.read("s/version") == "quarry state 4\n");
  }
}

TEST_CASE("state directory of the version before is left alone while it is in use (SE-15)") {
  const TempWorkspace files;
  write_version_1(files);
  const int lock = open(files.path("s/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(lock >= 0);
  struct flock used {};  // as a process of that version holds it
  used.l_type = F_WRLCK;
  used.l_start = 16 + 1;
  used.l_len = 1;
  REQUIRE(fcntl(lock, F_OFD_SETLK, &used) == 0);
  check_refused(files.path("s"),
                "an older quarry has the state directory open; start again when it has ended");
  CHECK(files.read("s/version") == "quarry state 1\n");
  close(lock);
  CHECK(Store::at(files.path("s"))->get(Table::kSessions, "session 1") == "of session 1");
}

}  // namespace
}  // namespace quarry::store
