#include "server/store/state_directory.h"

#include <filesystem>
#include <functional>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sched.h>
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

TEST_CASE("state directory that others can write to is refused (SE-10)") {
  for (const mode_t mode : {0777U, 0770U, 0702U}) {
    const TempWorkspace files;
    files.make_directory("s");
    REQUIRE(chmod(files.path("s").c_str(), mode) == 0);
    check_refused(files.path("s"),
                  "the state directory can be written by other users; make it mode 0700");
  }
}

TEST_CASE("state directory that others can only read is used") {
  const TempWorkspace files;
  files.make_directory("s");
  REQUIRE(chmod(files.path("s").c_str(), 0755) == 0);
  CHECK(Store::at(files.path("s"))->stats().mode == "lmdb");
}

TEST_CASE("state directory of another user is refused (SE-10)") {
  if (geteuid() != 0) {
    WARN("skipped: only root can give a directory away");
    return;
  }
  const TempWorkspace files;
  files.make_directory("s");
  REQUIRE(chown(files.path("s").c_str(), 12345, 12345) == 0);
  check_refused(files.path("s"), "the state directory belongs to another user");
}

TEST_CASE("state directory that cannot be made or used is refused (SE-10)") {
  const TempWorkspace files;
  files.write("file", "x");
  check_refused("", "no state directory: set HOME or QUARRY_STATE_DIR");
  check_refused(files.path("file"),
                "the state directory cannot be opened: Not a directory; name another one");
  check_refused(files.path("file/below"),
                "the state directory cannot be created: Not a directory; name another one");
  check_refused("/proc/quarry",
                "the state directory cannot be created: No such file or directory; "
                "name another one");
}

TEST_CASE("state directory whose lock is not a regular file is refused") {
  const TempWorkspace files;
  files.write("elsewhere", "x");
  files.make_directory("fifo");
  REQUIRE(mkfifo(files.path("fifo/lock").c_str(), 0600) == 0);
  check_refused(files.path("fifo"), "the state directory's file 'lock' is not a regular file");
  files.link("../elsewhere", "link/lock");
  const auto store = Store::at(files.path("link"));
  CHECK(store->stats().mode == "memory");
}

TEST_CASE("state directory on a network or user-space file system is refused (SE-10)") {
  struct Row {
    const char* name;
    long type;
    bool refused;
  };
  const Row rows[] = {
      {"nfs", 0x6969, true},        {"cifs", 0xFF534D42, true},     {"smb2", 0xFE534D42, true},
      {"fuse", 0x65735546, true},   {"9p", 0x01021997, true},       {"ceph", 0x00C36400, true},
      {"ext4", 0xEF53, false},      {"xfs", 0x58465342, false},     {"btrfs", 0x9123683E, false},
      {"tmpfs", 0x01021994, false}, {"overlay", 0x794C7630, false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(remote_or_user_space(row.type) == row.refused);
    // statfs's f_type is signed on some machines: the upper magic numbers come negative.
    CHECK(remote_or_user_space(static_cast<int>(row.type)) == row.refused);
  }
}

TEST_CASE("state directory of a newer version is refused and not touched (SE-15)") {
  for (const std::string version :
       {"quarry state 5", "quarry state 11", "quarry state 21", "quarry state 99999999999999"}) {
    INFO(version);
    const TempWorkspace files;
    const std::string directory = files.path("s");
    REQUIRE(Store::at(directory)->put(Table::kSessions, "k", "v"));
    CHECK(files.read("s/version") == "quarry state 4\n");
    files.write("s/version", version + "\n");
    check_refused(directory, "the state directory was written by a newer version of quarry ('" +
                                 version + "'); use that one or name another directory");
    CHECK(files.read("s/version") == version + "\n");
    files.write("s/version", "quarry state 4\n");
    CHECK(Store::at(directory)->get(Table::kSessions, "k") == "v");
  }
}

TEST_CASE("state directory whose version is damaged or gone is used, and says so (SE-15)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const std::string version = directory + "/version";
  for (const std::string damaged : {"", "\n", "x", "quarry state ", "quarry state 0\n", "FIFO",
                                    "quarry state 5x\n", "quarry state -5\n", "gone"}) {
    INFO(damaged);
    REQUIRE(Store::at(directory)->put(Table::kSessions, "k", "v" + damaged));
    REQUIRE(unlink(version.c_str()) == 0);
    if (damaged == "FIFO") {
      REQUIRE(mkfifo(version.c_str(), 0600) == 0);
    } else if (damaged != "gone") {
      files.write("s/version", damaged);
    }
    const auto store = Store::at(directory);
    CHECK(store->get(Table::kSessions, "k") == "v" + damaged);
    CHECK(store->stats().mode == "lmdb");
    CHECK(store->stats().note == "the state directory's damaged 'version' was written anew");
    CHECK(files.read("s/version") == "quarry state 4\n");
  }
  CHECK(Store::at(directory)->stats().note.empty());
  REQUIRE(unlink(version.c_str()) == 0);
  REQUIRE(mkdir(version.c_str(), 0700) == 0);
  check_refused(directory,
                "the state directory cannot be written to: Is a directory; name another one");
  REQUIRE(rmdir(version.c_str()) == 0);
  // What is not a database is set aside, as ever.
  files.write("s/version", "");
  files.write("s/state/data.mdb", "x");
  CHECK_FALSE(Store::at(directory)->get(Table::kSessions, "k"));
  CHECK(files.read("s/state.damaged/data.mdb") == "x");
}

TEST_CASE("state directory without a version that holds other files is refused, and left alone") {
  const TempWorkspace files;
  files.write("s/state/theirs", "x");
  files.write("t/version", "1.2.3");
  for (const char* name : {"s", "t"}) {
    REQUIRE(chmod(files.path(name).c_str(), 0700) == 0);
    check_refused(files.path(name),
                  "the state directory holds files that are not quarry's; name another one");
  }
  CHECK(files.read("s/state/theirs") == "x");
  CHECK(files.read("t/version") == "1.2.3");
}

TEST_CASE("state directory whose version is damaged waits for the processes that have it open") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  Pipe ready;
  Pipe done;
  const pid_t other = start_process([&] {
    const auto store = Store::at(directory);
    if (!store->put(Table::kSessions, "k", "v")) return 1;
    ready.tell();
    return done.wait() ? 0 : 2;
  });
  REQUIRE(ready.wait());
  files.write("s/version", "");
  check_refused(directory,
                "the state directory's file 'version' is damaged, and another quarry has the "
                "directory open; start again when it has ended");
  done.tell();
  CHECK(exit_code(other) == 0);
  CHECK(Store::at(directory)->get(Table::kSessions, "k") == "v");
}

TEST_CASE("state directory is opened once in a process and again after it was closed") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  {
    const auto first = Store::at(directory);
    REQUIRE(first->put(Table::kSessions, "k", "v"));
    check_refused(directory, "this process has the state directory open already");
    CHECK(first->put(Table::kSessions, "k", "w"));
  }
  CHECK(Store::at(directory)->get(Table::kSessions, "k") == "w");
}

// Starts `body` as the first process of a container: its number is 1. The exit code is 77 when that
// is not allowed.
pid_t start_as_first(const std::function<int()>& body) {
  return start_process([&] { return unshare(CLONE_NEWPID) != 0 ? 77 : run_process(body); });
}

TEST_CASE("state directory is not shared by two containers' processes of one number, and says so") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  Pipe ready;
  Pipe done;
  const pid_t first = start_as_first([&] {
    const auto store = Store::at(directory);
    if (!store->put(Table::kSessions, "k", "v") || store->stats().mode != "lmdb") return 1;
    ready.tell();
    done.wait();
    return store->get(Table::kSessions, "k") == "v" ? 0 : 2;
  });
  ready.to.reset();
  if (!ready.wait()) {
    CHECK(exit_code(first) == 77);
    WARN("skipped: making a container's process numbers needs root");
    return;
  }
  const pid_t second = start_as_first([&] {
    const StoreStats stats = Store::at(directory)->stats();
    const bool said =
        stats.note.starts_with(
            "another quarry with this one's process number (1), so in another") &&
        stats.note.find("give each container a --state-dir of its own") != std::string::npos;
    return stats.mode == "memory" && said ? 0 : 1;
  });
  CHECK(exit_code(second) == 0);
  done.tell();
  CHECK(exit_code(first) == 0);
}

TEST_CASE("state directory that is taken away under a store is noticed") {
  const auto durability = GENERATE(Durability::kFull, Durability::kNormal);
  const std::string victim = GENERATE(std::string("s"), std::string("s/lock"));
  INFO(victim);
  const TempWorkspace files;
  LmdbStore::Options options;
  options.durability = durability;
  auto opened = LmdbStore::open(files.path("s"), options);
  REQUIRE(opened);
  Store& store = **opened;
  REQUIRE(store.put(Table::kSessions, "k", "v"));
  std::filesystem::remove_all(files.path(victim));
  if (durability == Durability::kNormal) CHECK_FALSE(store.flush());
  const auto put = store.put(Table::kSessions, "k", "w");
  REQUIRE_FALSE(put);
  CHECK(put.error().code == Code::kUnavailable);
  CHECK(put.error().message.find("removed or replaced") != std::string::npos);
  CHECK(store.stats().note.find("removed or replaced") != std::string::npos);
  // One that lies there afterwards is another one.
  const auto next = Store::at(files.path("s"));
  CHECK(next->put(Table::kSessions, "other", "v"));
  CHECK_FALSE(store.put(Table::kSessions, "k", "w"));
}

TEST_CASE("store empties the cache, and only the cache, after a restart of the machine") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  {
    const auto store = Store::at(directory);
    REQUIRE(store->put(Table::kSessions, "k", "v"));
    REQUIRE(store->put(Table::kGit, "k", "v"));
  }
  CHECK(Store::at(directory)->get(Table::kGit, "k") == "v");
  files.write("s/cache.boot", "11111111-2222-3333-4444-555555555555\n");
  const auto store = Store::at(directory);
  CHECK_FALSE(store->get(Table::kGit, "k"));
  CHECK(store->get(Table::kSessions, "k") == "v");
  CHECK(store->put(Table::kGit, "k", "w"));
}

TEST_CASE(
    "store goes on after a restart of the machine with what came to disk, and tells of more") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  REQUIRE(run_process([&] {
            const TurnedClock still;  // so that no change finds the last flush long ago
            LmdbStore::Options options;
            options.clock = &still;
            auto opened = LmdbStore::open(directory, options);
            if (!opened) return 4;
            Store* const store = opened->release();  // never closed
            if (!store->put(Table::kSessions, "on disk", "v") || !store->flush()) return 1;
            if (!store->put(Table::kSessions, "not on disk", "v")) return 2;
            return store->stats().pending == 1 ? 0 : 3;
          }) == 0);
  SECTION("after the death of the process alone both are there") {
    const auto store = Store::at(directory);
    CHECK(store->get(Table::kSessions, "on disk") == "v");
    CHECK(store->get(Table::kSessions, "not on disk") == "v");
  }
  SECTION("after a restart both are there, since the log came to disk whole") {
    files.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
    const auto store = Store::at(directory);
    CHECK(store->get(Table::kSessions, "on disk") == "v");
    CHECK(store->get(Table::kSessions, "not on disk") == "v");
    CHECK(store->stats().note.empty());
  }
  SECTION("after a restart a change that did not come to disk whole is lost, and told") {
    const std::string log = files.path("s/recent/1");
    const std::size_t last = files.read("s/recent/1").find_last_not_of('\0');
    REQUIRE(truncate(log.c_str(), static_cast<off_t>(last)) == 0);
    files.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
    const auto store = Store::at(directory);
    CHECK(store->get(Table::kSessions, "on disk") == "v");
    CHECK_FALSE(store->get(Table::kSessions, "not on disk"));
    CHECK(store->put(Table::kSessions, "not on disk", "w"));
    const std::string note = store->stats().note;
    CHECK(note.starts_with("the machine was restarted before at least 1 acknowledged change was"));
    CHECK(note.find("--durability=full") != std::string::npos);
  }
  SECTION("after a restart nothing is said when all was on disk") {
    CHECK(Store::at(directory)->flush());
    files.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
    CHECK(Store::at(directory)->stats().note.empty());
  }
  SECTION("after a restart a log that has lost its head says the same") {
    REQUIRE(unlink(files.path("s/recent/head").c_str()) == 0);
    files.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
    const auto store = Store::at(directory);
    CHECK(store->get(Table::kSessions, "not on disk") == "v");
    CHECK(store->stats().note.empty());
  }
  SECTION("after a restart a log without anything that can be read is not counted") {
    std::filesystem::remove_all(files.path("s/recent"));
    files.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
    CHECK(Store::at(directory)->stats().note.empty());
  }
}

}  // namespace
}  // namespace quarry::store
