// What the store does with a state directory whose files are not as it left them (SE-03, SE-04).

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/store/inspect.h"
#include "server/store/store.h"
#include "tests/sandbox/forked.h"
#include "tests/store/support.h"
#include "tests/support/ordinary_user.h"

namespace quarry::store {
namespace {

using quarry::test::TempWorkspace;

constexpr int kRecords = 300;

std::string value_of(int i) {
  return "value " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7, '.');
}

// A store with records of several pages, long values and freed pages.
void fill(const std::string& directory) {
  const auto store = Store::at(directory);
  for (const Table table : {Table::kSessions, Table::kGit}) {
    const int count = table == Table::kSessions ? 60 : kRecords;
    for (int i = 0; i < count; ++i) REQUIRE(store->put(table, std::to_string(i), value_of(i)));
    REQUIRE(store->put(table, "long", std::string(50'000, 'l')));
    REQUIRE(store->put(table, "gone", std::string(50'000, 'g')));
    REQUIRE(store->erase(table, "gone"));
  }
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

off_t size_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_size;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
}

TEST_CASE("store sets a damaged environment aside and begins a new one (SE-03)") {
  struct Row {
    const char* name;
    std::function<void(const std::string& data)> damage;
  };
  const TempWorkspace outside;
  outside.write("secret", "outside");
  const Row rows[] = {
      {"zero length", [](const std::string& data) { REQUIRE(truncate(data.c_str(), 0) == 0); }},
      {"shorter than a page",
       [](const std::string& data) { REQUIRE(truncate(data.c_str(), 100) == 0); }},
      {"one page", [](const std::string& data) { REQUIRE(truncate(data.c_str(), 4096) == 0); }},
      {"cut in the middle",
       [](const std::string& data) {
         REQUIRE(truncate(data.c_str(), size_of(data) / 2 / 4096 * 4096) == 0);
       }},
      {"cut by a few pages",
       [](const std::string& data) { REQUIRE(truncate(data.c_str(), 8 * 4096) == 0); }},
      {"text", [](const std::string& data) { write_bytes(data, "this is no database\n"); }},
      {"random bytes",
       [](const std::string& data) {
         std::mt19937 random(7);
         std::string bytes(100'000, '\0');
         for (char& byte : bytes) byte = static_cast<char>(random());
         write_bytes(data, bytes);
       }},
      {"first pages zero",
       [](const std::string& data) {
         std::string bytes = bytes_of(data);
         std::fill_n(bytes.begin(), 8192, '\0');
         write_bytes(data, bytes);
       }},
      {"another format",
       [](const std::string& data) {
         std::string bytes = bytes_of(data);
         bytes[20] = 9;
         write_bytes(data, bytes);
       }},
      {"a directory",
       [](const std::string& data) {
         REQUIRE(unlink(data.c_str()) == 0);
         REQUIRE(mkdir(data.c_str(), 0700) == 0);
       }},
      {"a symlink to outside",
       [&outside](const std::string& data) {
         REQUIRE(unlink(data.c_str()) == 0);
         REQUIRE(symlink(outside.path("secret").c_str(), data.c_str()) == 0);
       }},
      {"a FIFO",
       [](const std::string& data) {
         REQUIRE(unlink(data.c_str()) == 0);
         REQUIRE(mkfifo(data.c_str(), 0600) == 0);
       }},
      {"the lock a FIFO",
       [](const std::string& data) {
         const std::string lock = data.substr(0, data.rfind('/')) + "/lock.mdb";
         REQUIRE(unlink(lock.c_str()) == 0);
         REQUIRE(mkfifo(lock.c_str(), 0600) == 0);
       }},
      {"the folder a file",
       [](const std::string& data) {
         const std::string folder = data.substr(0, data.rfind('/'));
         REQUIRE(rename(folder.c_str(), (folder + ".moved").c_str()) == 0);
         write_bytes(folder, "x");
       }},
  };
  const TempWorkspace pattern;
  fill(pattern.path("s"));
  for (const Row& row : rows) {
    for (const std::string name : {"state", "cache"}) {
      INFO(row.name << " of " << name);
      const TempWorkspace files;
      const std::string directory = files.path("s");
      std::filesystem::copy(pattern.path("s"), directory, std::filesystem::copy_options::recursive);
      row.damage(directory + "/" + name + "/data.mdb");
      const Table hurt = name == "state" ? Table::kSessions : Table::kGit;
      const Table whole = name == "state" ? Table::kGit : Table::kSessions;

      // In a process of its own: a crash is a result.
      CHECK(run_process([&] {
              const auto store = Store::at(directory);
              // What can be read of the durable tables is taken over; of the cache nothing is.
              const auto left = store->get(hurt, "1");
              if (left && (hurt != Table::kSessions || *left != value_of(1))) return 1;
              if (store->get(whole, "1") != value_of(1)) return 2;
              if (!store->put(hurt, "1", "new")) return 3;
              if (store->get(hurt, "1") != "new") return 4;
              return store->stats().mode == "lmdb" ? 0 : 5;
            }) == 0);
      CHECK(exists(directory + "/" + name + ".damaged"));
      CHECK(outside.read("secret") == "outside");
      CHECK(Store::at(directory)->get(hurt, "1") == "new");
    }
  }
}

TEST_CASE("store takes over what can be read of damaged durable tables (SE-03)") {
  struct Row {
    const char* name;
    std::function<void(std::string& bytes)> damage;
    int least;  // of the 60 records
  };
  const auto page_of = [](const std::string& bytes, const std::string& text) {
    const std::size_t at = bytes.rfind(text);
    REQUIRE(at != std::string::npos);
    return at / 4096 * 4096;
  };
  const Row rows[] = {
      {"a page of zeros",
       [&](std::string& bytes) {
         std::fill_n(bytes.begin() + static_cast<long>(page_of(bytes, "value 30.")), 4096, '\0');
       },
       30},
      {"the first page", [](std::string& bytes) { std::fill_n(bytes.begin(), 4096, '\xff'); }, 60},
      {"the second page",
       [](std::string& bytes) { std::fill_n(bytes.begin() + 4096, 4096, '\xff'); }, 60},
      {"an entry beyond its page",
       [&](std::string& bytes) { bytes[page_of(bytes, "value 30.") + 17] = '\x7f'; }, 59},
      {"both first pages", [](std::string& bytes) { std::fill_n(bytes.begin(), 8192, '\0'); }, 0},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const TempWorkspace files;
    const std::string directory = files.path("s");
    fill(directory);
    // One more, so that the older of the two first pages knows all of them, too.
    REQUIRE(
        Store::at(directory, {.durability = Durability::kFull})->put(Table::kSessions, "x", ""));
    std::string bytes = bytes_of(directory + "/state/data.mdb");
    row.damage(bytes);
    write_bytes(directory + "/state/data.mdb", bytes);
    for (int round = 0; round < 2; ++round) {  // at once, and when opened again
      const auto store = Store::at(directory);
      int there = 0;
      for (int i = 0; i < 60; ++i) {
        const auto value = store->get(Table::kSessions, std::to_string(i));
        if (!value) continue;
        CHECK(*value == value_of(i));
        ++there;
      }
      CHECK(there >= row.least);
      CHECK_FALSE(store->get(Table::kSessions, "gone"));
      if (row.least == 60) {
        CHECK((store->get(Table::kSessions, "long") == std::string(50'000, 'l')));
      }
      if (round == 0) CHECK(store->stats().salvaged >= static_cast<std::uint64_t>(there));
      CHECK(store->put(Table::kSessions, "new", "one"));
      CHECK(store->stats().damaged == 0);
    }
    CHECK(exists(directory + "/state.damaged"));
  }
}

TEST_CASE("store keeps the last damaged environment only (SE-03)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  for (const char* content : {"first", "second", "third"}) {
    fill(directory);
    write_bytes(directory + "/state/data.mdb", content);
    CHECK_FALSE(Store::at(directory)->get(Table::kSessions, "1"));
    CHECK(bytes_of(directory + "/state.damaged/data.mdb") == content);
  }
  CHECK_FALSE(exists(directory + "/state.damaged.damaged"));
}

TEST_CASE("store sets a file aside that may not be read or written (SE-03)") {
  const TempWorkspace files;
  CHECK(sandbox::test::forked([&](sandbox::test::Report& report) {
          quarry::test::become_ordinary({&files});
          const std::string directory = files.path("s");
          for (const mode_t mode : {0000U, 0400U}) {
            fill(directory);
            report.claim(chmod((directory + "/state/data.mdb").c_str(), mode) == 0, "chmod");
            const auto store = Store::at(directory);
            // What may be read is taken over.
            const auto kept = store->get(Table::kSessions, "1");
            report.claim(mode == 0 ? !kept : kept == value_of(1), "another value");
            report.claim(store->put(Table::kSessions, "1", "new").has_value(), "no put");
            report.claim(store->stats().mode == "lmdb", "in memory");
          }
        }) == "");
}

TEST_CASE("store survives random damage anywhere in a file (SE-03)") {
  // What cannot be seen by its structure is caught by the records' checksums; what can would crash
  // LMDB. Each round runs in a process of its own, so that a crash is a result.
  const TempWorkspace files;
  const std::string directory = files.path("s");
  fill(directory);
  const std::string state = bytes_of(directory + "/state/data.mdb");
  const std::string cache = bytes_of(directory + "/cache/data.mdb");
  std::mt19937 random(20240102);
  int crashed = 0;
  int untrue = 0;
  for (int round = 0; round < 60; ++round) {
    for (const auto& [name, whole] : {std::pair{"state", &state}, std::pair{"cache", &cache}}) {
      std::string bytes = *whole;
      // Rounds with few and with many changed bytes, and some on the first pages alone.
      const std::size_t range = round % 3 == 0 ? 8192 : bytes.size();
      for (int i = 0; i < (round % 2 == 0 ? 50 : 1); ++i) {
        bytes[random() % range] = static_cast<char>(random());
      }
      write_bytes(directory + "/" + name + "/data.mdb", bytes);
    }
    const int code = run_process([&] {
      const auto store = Store::at(directory);
      for (const Table table : {Table::kSessions, Table::kGit}) {
        for (int i = 0; i < kRecords; ++i) {
          const auto value = store->get(table, std::to_string(i));
          if (value && *value != value_of(i)) return 1;
        }
        bool whole = true;
        const Result<void> listed =
            store->each(table, [&](std::string_view key, std::string_view value) {
              if (std::isdigit(key.front()) != 0) {
                whole = whole && value == value_of(std::stoi(std::string(key)));
              }
              return true;
            });
        if (listed && !whole) return 1;
        for (int i = 0; i < 5; ++i) {
          const Result<void> put = store->put(table, "new", std::string(20'000, 'n'));
          if (put && store->get(table, "new") != std::string(20'000, 'n')) return 1;
        }
      }
      return 0;
    });
    crashed += code > 1 ? 1 : 0;
    untrue += code == 1 ? 1 : 0;
  }
  CHECK(crashed == 0);
  CHECK(untrue == 0);
}

TEST_CASE("store that meets damage in a large file looks at every page at the next start") {
  // Too large to be inspected page by page each time: the damage is met by a read.
  const TempWorkspace files;
  const std::string directory = files.path("s");
  const std::string value(3000, 'v');
  {
    const auto store = Store::at(directory);
    for (int i = 0; i < 8000; ++i) REQUIRE(store->put(Table::kGit, std::to_string(i), value));
    REQUIRE(store->put(Table::kSessions, "k", "kept"));
  }
  const std::string data = directory + "/cache/data.mdb";
  std::string bytes = bytes_of(data);
  REQUIRE(bytes.size() > (20U << 20U));
  std::fill(bytes.begin() + (1 << 20), bytes.end() - (1 << 20), '\0');
  write_bytes(data, bytes);
  CHECK(run_process([&] {
          const auto store = Store::at(directory);
          int absent = 0;
          for (int i = 0; i < 8000; ++i) {
            const auto found = store->get(Table::kGit, std::to_string(i));
            if (found && *found != value) return 1;
            absent += found ? 0 : 1;
          }
          if (absent == 0 || store->stats().damaged == 0) return 2;
          return exists(directory + "/cache.suspect") ? 0 : 3;
        }) == 0);
  CHECK_FALSE(exists(directory + "/cache.damaged"));
  const auto store = Store::at(directory);
  CHECK_FALSE(store->get(Table::kGit, "1"));
  CHECK(exists(directory + "/cache.damaged"));
  CHECK_FALSE(exists(directory + "/cache.suspect"));
  CHECK(store->put(Table::kGit, "1", "new"));
  CHECK(store->stats().damaged == 0);
  CHECK(store->get(Table::kSessions, "k") == "kept");
}

TEST_CASE("store treats records with changed bytes as absent and counts them (SE-04)") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  {
    const auto store = Store::at(directory);
    for (const Table table : {Table::kSessions, Table::kGit}) {
      for (int i = 0; i < 50; ++i) {
        REQUIRE(store->put(table, std::to_string(i), "payload-" + std::to_string(i) + "-end"));
      }
    }
  }
  for (const char* name : {"state", "cache"}) {
    const std::string data = directory + "/" + name + "/data.mdb";
    std::string bytes = bytes_of(data);
    for (std::size_t at = 0; (at = bytes.find("payload-7-end", at)) != std::string::npos; ++at) {
      bytes[at + 3] = 'X';
    }
    write_bytes(data, bytes);
  }
  const auto store = Store::at(directory);
  for (const Table table : {Table::kSessions, Table::kGit}) {
    CHECK_FALSE(store->get(table, "7"));
    CHECK(store->get(table, "8") == "payload-8-end");
    int visits = 0;
    REQUIRE(store->each(table, [&](std::string_view key, std::string_view) {
      CHECK(key != "7");
      return ++visits > 0;
    }));
    CHECK(visits == 49);
  }
  CHECK(store->stats().damaged == 4);  // each seen by get and by each
  for (const Table table : {Table::kSessions, Table::kGit}) {
    REQUIRE(store->put(table, "7", "again"));
    CHECK(store->get(table, "7") == "again");
  }
}

TEST_CASE("store file is sound after every kind of use") {
  // The other side of the damage tests: what LMDB itself writes is never taken for damage.
  const TempWorkspace files;
  const std::string directory = files.path("s");
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    {
      const auto store = Store::at(directory);
      for (int i = 0; i < 150; ++i) {
        const std::string key = std::to_string(random() % 400);
        const std::size_t length = random() % 5 == 0 ? random() % 60'000 : random() % 500;
        if (random() % 3 == 0) {
          REQUIRE(store->erase(Table::kGit, key));
        } else {
          REQUIRE(store->put(Table::kGit, key, std::string(length, 'v')));
        }
      }
    }
    const Fd file(open((directory + "/cache/data.mdb").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    const Result<void> sound = inspect_data_file(file.get(), true);
    if (!sound) FAIL(sound.error().message);
  }
  CHECK_FALSE(exists(directory + "/cache.damaged"));
}

}  // namespace
}  // namespace quarry::store
