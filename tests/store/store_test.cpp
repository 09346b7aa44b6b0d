#include "server/store/store.h"

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/store/both_kinds.h"
#include "tests/support/temp_workspace.h"

namespace quarry::store {
namespace {

std::map<std::string, std::string> all(Store& store, Table table) {
  std::map<std::string, std::string> out;
  const Result<void> listed = store.each(table, [&](std::string_view key, std::string_view value) {
    out.emplace(key, value);
    return true;
  });
  REQUIRE(listed);
  return out;
}

TEST_CASE("store keeps, replaces and erases values of every table") {
  for_both([](Store& store) {
    for (const Table table : {Table::kSessions, Table::kAnalysis, Table::kGit}) {
      CHECK_FALSE(store.get(table, "a"));
      REQUIRE(store.put(table, "a", "one"));
      CHECK(store.get(table, "a") == "one");
      REQUIRE(store.put(table, "a", "two"));
      CHECK(store.get(table, "a") == "two");
      REQUIRE(store.put(table, "empty", ""));
      CHECK(store.get(table, "empty") == "");
      REQUIRE(store.erase(table, "a"));
      CHECK_FALSE(store.get(table, "a"));
      REQUIRE(store.erase(table, "never there"));
    }
  });
}

TEST_CASE("store puts many values at once, whatever becomes of one of them") {
  for_both([](Store& store) {
    REQUIRE(store.put_all(Table::kAnalysis, {}));
    const std::vector<Entry> entries = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
    for (const Table table : {Table::kSessions, Table::kAnalysis}) {
      REQUIRE(store.put_all(table, entries));
      CHECK(store.get(table, "a") == "3");
      CHECK(store.get(table, "b") == "2");
    }
    const std::string huge((std::size_t{64} << 20U) + 1, 'x');
    const auto some = store.put_all(Table::kAnalysis, std::vector<Entry>{{"c", huge}, {"d", "4"}});
    REQUIRE_FALSE(some);
    CHECK(some.error().code == Code::kTooLarge);
    CHECK_FALSE(store.get(Table::kAnalysis, "c"));
    CHECK(store.get(Table::kAnalysis, "d") == "4");
  });
  const quarry::test::TempWorkspace files;
  const auto store = Store::at(files.path("s"));
  REQUIRE(store->put_all(Table::kAnalysis, std::vector<Entry>(1000, {"k", "v"})));
  CHECK(store->stats().commits == 1);
}

TEST_CASE("store keys of any length and any bytes are told apart (SE-02)") {
  for_both([](Store& store) {
    std::vector<std::string> keys;
    for (const std::size_t length : {0U, 1U, 510U, 511U, 512U, 10'000U}) {
      keys.emplace_back(length, 'k');
    }
    keys.push_back(std::string("nul\0one", 7));
    keys.push_back(std::string("nul\0two", 7));
    keys.push_back(std::string(10'000, 'k') + "x");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      REQUIRE(store.put(Table::kSessions, keys[i], std::to_string(i)));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      INFO(i);
      CHECK(store.get(Table::kSessions, keys[i]) == std::to_string(i));
    }
    CHECK(all(store, Table::kSessions).size() == keys.size());
  });
}

TEST_CASE("store keeps tables apart") {
  for_both([](Store& store) {
    REQUIRE(store.put(Table::kAnalysis, "k", "analysis"));
    REQUIRE(store.put(Table::kGit, "k", "git"));
    CHECK_FALSE(store.get(Table::kSessions, "k"));
    CHECK(all(store, Table::kAnalysis) == std::map<std::string, std::string>{{"k", "analysis"}});
    CHECK(all(store, Table::kGit) == std::map<std::string, std::string>{{"k", "git"}});
    CHECK(all(store, Table::kSessions).empty());
    REQUIRE(store.erase(Table::kGit, "k"));
    CHECK(store.get(Table::kAnalysis, "k") == "analysis");
  });
}

TEST_CASE("store each visits every record once, stops when told, and lets visit use the store") {
  for_both([](Store& store) {
    std::map<std::string, std::string> want;
    for (int i = 0; i < 1000; ++i) {
      const std::string key = "key " + std::to_string(i);
      want[key] = std::string(static_cast<std::size_t>(i), 'v');
      REQUIRE(store.put(Table::kAnalysis, key, want[key]));
    }
    CHECK(all(store, Table::kAnalysis) == want);
    int visits = 0;
    REQUIRE(store.each(Table::kAnalysis,
                       [&](std::string_view, std::string_view) { return ++visits < 300; }));
    CHECK(visits == 300);
    visits = 0;
    REQUIRE(store.each(Table::kAnalysis, [&](std::string_view key, std::string_view) {
      ++visits;
      return static_cast<bool>(store.erase(Table::kAnalysis, key));
    }));
    CHECK(visits == 1000);
    CHECK(all(store, Table::kAnalysis).empty());
  });
}

TEST_CASE("store keeps large values whole") {
  for_both([](Store& store) {
    std::string large(16U << 20U, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 5U);
    for (const Table table : {Table::kSessions, Table::kGit}) {
      REQUIRE(store.put(table, "large", large));
      CHECK((store.get(table, "large") == large));
    }
  });
}

TEST_CASE("store counts what it did") {
  for_both([](Store& store) {
    REQUIRE(store.put(Table::kGit, "a", "1"));
    REQUIRE(store.put(Table::kSessions, "a", "1"));
    CHECK(store.get(Table::kGit, "a"));
    CHECK_FALSE(store.get(Table::kGit, "b"));
    const StoreStats stats = store.stats();
    CHECK(stats.puts == 2);
    CHECK(stats.gets == 2);
    CHECK(stats.hits == 1);
    CHECK(stats.commits == 2);
    CHECK(stats.damaged == 0);
  });
}

TEST_CASE("store can be used by many threads") {
  for_both([](Store& store) {
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 40; ++i) {
          const Table table = i % 4 == 0 ? Table::kSessions : Table::kGit;
          const std::string key = std::to_string(t) + " " + std::to_string(i);
          if (!store.put(table, key, key + "!")) ++wrong;
          if (store.get(table, key) != key + "!") ++wrong;
          store.get(table, std::to_string((t + 1) % 8) + " " + std::to_string(i));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
    CHECK(all(store, Table::kSessions).size() == 8 * 10);
    CHECK(all(store, Table::kGit).size() == 8 * 30);
  });
}

TEST_CASE("store construction touches nothing and the first use opens") {
  const quarry::test::TempWorkspace files;
  const std::string directory = files.path("a/b/state-directory");
  const auto store = Store::at(directory);
  struct stat status {};
  CHECK(stat(files.path("a").c_str(), &status) != 0);
  CHECK_FALSE(store->get(Table::kSessions, "k"));
  REQUIRE(stat(directory.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  REQUIRE(stat((directory + "/state/data.mdb").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("store values are there after opening again") {
  const quarry::test::TempWorkspace files;
  for (int round = 0; round < 3; ++round) {
    const auto store = Store::at(files.path("s"));
    CHECK(all(*store, Table::kSessions).size() == static_cast<std::size_t>(round));
    CHECK(all(*store, Table::kGit).size() == static_cast<std::size_t>(round));
    REQUIRE(store->put(Table::kSessions, std::to_string(round), "x"));
    REQUIRE(store->put(Table::kGit, std::to_string(round), "x"));
  }
}

TEST_CASE("store refuses values over its limits by name") {
  const quarry::test::TempWorkspace files;
  const auto store = Store::at(files.path("s"));
  const std::string large((64U << 20U) + 1, 'x');
  const Result<void> value = store->put(Table::kSessions, "k", large);
  REQUIRE_FALSE(value);
  CHECK(value.error().code == Code::kTooLarge);
  CHECK(value.error().message == "a value of 67108865 bytes is over the store's limit of 67108864");
  const Result<void> key = store->put(Table::kSessions, large, "v");
  REQUIRE_FALSE(key);
  CHECK(key.error().code == Code::kTooLarge);
}

TEST_CASE("store default directory follows the environment") {
  struct Saved {
    explicit Saved(const char* name) : name_(name) {
      if (const char* value = std::getenv(name)) value_ = value;
    }
    ~Saved() { value_ ? setenv(name_, value_->c_str(), 1) : unsetenv(name_); }
    const char* name_;
    std::optional<std::string> value_;
  };
  const Saved own("QUARRY_STATE_DIR"), xdg("XDG_STATE_HOME"), home("HOME");
  struct Row {
    const char *name, *own, *xdg, *home, *want;
  };
  const Row rows[] = {
      {"named", "/q", "/x", "/h", "/q"},
      {"xdg", "", "/x", "/h", "/x/quarry"},
      {"xdg relative", "", "x", "/h", "/h/.local/state/quarry"},
      {"home", "", "", "/h", "/h/.local/state/quarry"},
      {"none", "", "", "", ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    setenv("QUARRY_STATE_DIR", row.own, 1);
    setenv("XDG_STATE_HOME", row.xdg, 1);
    setenv("HOME", row.home, 1);
    CHECK(default_state_directory() == row.want);
  }
}

}  // namespace
}  // namespace quarry::store
