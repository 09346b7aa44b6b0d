#include "server/store/recent_log.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <sys/resource.h>

#include "server/store/recent_frame.h"
#include "tests/store/faulty_calls.h"
#include "tests/store/support.h"

namespace quarry::store {
namespace {

using test::TempWorkspace;
using Values = std::map<std::string, std::optional<std::string>>;

// The log as one process has it open.
struct World {
  explicit World(const std::string& directory) {
    auto opened = StateDirectory::open(directory);
    REQUIRE(opened);
    place = std::move(*opened);
    auto recent = RecentLog::open(*place, "recent");
    REQUIRE(recent);
    log = std::move(recent->log);
    salvaged = std::move(recent->salvaged);
    place->opened();
  }
  void put(const std::string& key, const std::string& value) {
    REQUIRE(log->append({{key, value}}));
  }
  Values known() const { return known_to(*log); }
  static Values known_to(RecentLog& log) {
    const auto part = log.list({}, {}, SIZE_MAX, SIZE_MAX);
    REQUIRE(part);
    Values known;
    for (const auto& [key, record] : part->records) known[key] = record.record;
    return known;
  }
  std::uint64_t last() const {
    const auto part = log->list({}, {}, SIZE_MAX, SIZE_MAX);
    REQUIRE(part);
    return part->last_change;
  }

  std::unique_ptr<StateDirectory> place;
  std::unique_ptr<RecentLog> log;
  RecentLog::Records salvaged;
};

TEST_CASE("recent frame: whole or none, and only of its own life") {
  std::string frame;
  FrameWriter writer(frame, 7);
  writer.add(3, "key", "record");
  writer.add(4, "", std::nullopt);
  writer.add(5, "empty", "");
  writer.finish();
  std::string seen;
  const auto visit = [&](std::uint64_t change, std::string_view key,
                         std::optional<std::string_view> record) {
    seen += std::to_string(change) + std::string(key) + "=" + std::string(record.value_or("gone")) +
            ";";
  };
  CHECK(read_frame(frame + "behind", 7, visit) == frame.size());
  CHECK(seen == "3key=record;4=gone;5empty=;");
  seen.clear();
  CHECK(read_frame(frame, 8, visit) == 0);
  for (std::size_t cut = 0; cut < frame.size(); ++cut) {
    CHECK(read_frame(std::string_view(frame).substr(0, cut), 7, visit) == 0);
  }
  for (std::size_t at = 0; at < frame.size(); ++at) {
    std::string changed = frame;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    INFO(at);
    CHECK(read_frame(changed, 7, visit) == 0);
  }
  CHECK(seen.empty());
}

TEST_CASE("recent log: what was appended is there, newest first, after opening again too") {
  const TempWorkspace files;
  const Values want = {{"a", "2"}, {"b", std::nullopt}, {"c", "1"}};
  {
    World world(files.path("s"));
    world.put("a", "1");
    REQUIRE(world.log->append({{"a", "2"}, {"b", std::nullopt}}));
    world.put("c", "1");
    CHECK(world.known() == want);
    CHECK(world.log->size().value().bytes == 5);
    CHECK(world.log->size().value().records == 3);
    std::string record;
    bool erased = true;
    CHECK(world.log->find("a", record, erased).value_or(0) == 2);
    CHECK(record == "2");
    CHECK_FALSE(erased);
    CHECK(world.log->find("b", record, erased).value_or(0) == 2);
    CHECK(erased);
    CHECK(world.log->find("d", record, erased).value_or(9) == 0);
  }
  const World again(files.path("s"));
  CHECK(again.known() == want);
  CHECK(again.last() == 3);
}

TEST_CASE("recent log: lists part by part, in order and by prefix") {
  const TempWorkspace files;
  World world(files.path("s"));
  for (const char* key : {"x1", "x2", "x3", "y1", "w"}) world.put(key, key);
  const auto keys = [&](std::string_view prefix, std::string_view after, std::size_t count) {
    const auto part = world.log->list(prefix, after, count, SIZE_MAX);
    REQUIRE(part);
    std::string all;
    for (const auto& [key, record] : part->records) all += key + " ";
    return all + (part->whole ? "whole" : "more");
  };
  CHECK(keys("x", "", 10) == "x1 x2 x3 whole");
  CHECK(keys("x", "", 2) == "x1 x2 more");
  CHECK(keys("x", "x2", 10) == "x3 whole");
  CHECK(keys("", "x3", 10) == "y1 whole");
  CHECK(keys("z", "", 10) == "whole");
}

TEST_CASE("recent log: begun anew, it holds what came later, under the same numbers") {
  const TempWorkspace files;
  World world(files.path("s"));
  world.put("a", "1");
  world.put("b", "1");
  const std::uint64_t last = world.last();
  world.put("b", "2");
  world.put("c", "1");
  REQUIRE(world.log->restart(last));
  CHECK(world.known() == Values{{"b", "2"}, {"c", "1"}});
  CHECK(world.last() == 4);
  world.put("d", "1");
  CHECK(world.last() == 5);
  REQUIRE(world.log->restart(0));  // forgets nothing
  CHECK(world.known() == Values{{"b", "2"}, {"c", "1"}, {"d", "1"}});
  REQUIRE(world.log->restart(5));
  CHECK(world.known().empty());
  CHECK(world.log->size().value().bytes == 0);
  CHECK(world.log->position().end == 0);
  world.put("e", "1");
  CHECK(world.last() == 6);
}

TEST_CASE("recent log: goes on when it was begun anew as often as can be counted") {
  const TempWorkspace files;
  { const World world(files.path("s")); }
  std::string head = files.read("s/recent/head");
  const std::uint64_t most = std::uint64_t{UINT32_MAX} << 32U;
  std::memcpy(head.data() + 16, &most, sizeof most);  // the position's word
  files.write("s/recent/head", head);
  {
    World world(files.path("s"));
    world.put("a", "1");
    REQUIRE(world.log->restart(0));
    world.put("b", "1");
    CHECK(world.known() == Values{{"a", "1"}, {"b", "1"}});
    CHECK(world.log->position().resets == 0);
  }
  CHECK(World(files.path("s")).known() == Values{{"a", "1"}, {"b", "1"}});
}

TEST_CASE("recent log: a frame behind the position was never acknowledged and is written over") {
  const TempWorkspace files;
  {
    World world(files.path("s"));
    world.put("a", "1");
  }
  // As a writer that died before it stepped the position.
  { std::ofstream(files.path("s/recent/0"), std::ios::app) << std::string(500, 'x'); }
  {
    World world(files.path("s"));
    CHECK(world.salvaged.empty());
    CHECK(world.known() == Values{{"a", "1"}});
    world.put("b", "1");
    CHECK(world.known() == Values{{"a", "1"}, {"b", "1"}});
  }
  const World again(files.path("s"));
  CHECK(again.known() == Values{{"a", "1"}, {"b", "1"}});
}

TEST_CASE("recent log: of a damaged one what lies before the damage is kept (SE-03)") {
  const TempWorkspace pattern;
  std::vector<std::uint64_t> ends;
  {
    World world(pattern.path("s"));
    for (int i = 0; i < 6; ++i) {
      world.put("k" + std::to_string(i), "value");
      ends.push_back(world.log->position().end);
    }
  }
  const std::string whole = pattern.read("s/recent/0");
  const std::string head = pattern.read("s/recent/head");
  for (std::size_t at = 0; at < ends.back(); at += 3) {
    const TempWorkspace files;
    std::filesystem::copy(pattern.path("s"), files.path("s"),
                          std::filesystem::copy_options::recursive);
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    files.write("s/recent/0", bytes);
    const World world(files.path("s"));
    const auto sound =
        static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
    INFO(at);
    CHECK(world.salvaged.size() == sound);
    CHECK(world.known().empty());
    CHECK(access(files.path("s/recent.damaged/0").c_str(), F_OK) == 0);
  }
  const TempWorkspace cut;
  std::filesystem::copy(pattern.path("s"), cut.path("s"), std::filesystem::copy_options::recursive);
  cut.write("s/recent/0", whole.substr(0, ends[2] + 5));
  CHECK(World(cut.path("s")).salvaged.size() == 3);
  cut.write("s/recent/head", head.substr(0, 100));
  CHECK(World(cut.path("s")).known().empty());
  cut.write("s/recent/head", std::string(4096, 'x'));
  CHECK(World(cut.path("s")).known().empty());
}

TEST_CASE("recent log: a head that claims more than there is costs no memory (SE-03)") {
  for (const std::uint32_t end : {0xFFFFFFF0U, 1U << 30U, 100'000U}) {
    const TempWorkspace files;
    {
      World world(files.path("s"));
      world.put("a", "1");
      world.put("b", std::string(90'000, 'x'));
    }
    std::string head = files.read("s/recent/head");
    std::memcpy(head.data() + 16, &end, sizeof end);  // of the position's word
    files.write("s/recent/head", head);
    CHECK(run_process([&] {
            const World world(files.path("s"));
            if (world.salvaged.size() != 2 || !world.known().empty()) return 1;
            rusage used{};
            constexpr long kMostKib = 1L << 20U;
            return getrusage(RUSAGE_SELF, &used) == 0 && used.ru_maxrss < kMostKib ? 0 : 2;
          }) == 0);
  }
}

TEST_CASE("recent log: a write that the disk refuses leaves nothing behind (SE-09)") {
  for (const int error : {ENOSPC, EIO, EROFS}) {
    const TempWorkspace files;
    World world(files.path("s"));
    world.put("a", "1");
    const RecentHead::Position before = world.log->position();
    plan_faults({.directory = files.path("s"), .fail_at = 1, .and_after = true, .error = error});
    const Result<void> refused = world.log->append({{"b", "1"}});
    const Result<void> again = world.log->restart(0);
    plan_faults({});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == (error == ENOSPC ? Code::kTooLarge : Code::kUnavailable));
    CHECK_FALSE(again);
    CHECK(world.log->position() == before);
    CHECK(world.known() == Values{{"a", "1"}});
    world.put("b", "2");
    CHECK(world.known() == Values{{"a", "1"}, {"b", "2"}});
  }
}

TEST_CASE("recent log: gives back what is not in force, and goes on") {
  const TempWorkspace files;
  World world(files.path("s"));
  const std::string value(100'000, 'v');
  world.put("a", value);
  REQUIRE(world.log->restart(0));
  world.log->give_back();
  CHECK(files.read("s/recent/0").empty());
  CHECK(world.known() == Values{{"a", value}});
  world.put("b", "2");
  REQUIRE(world.log->restart(0));
  world.log->give_back();
  CHECK(files.read("s/recent/1").empty());
  world.put("c", "3");
  CHECK(world.known() == Values{{"a", value}, {"b", "2"}, {"c", "3"}});
}

TEST_CASE("recent log: pages that cannot be made ahead refuse nothing") {
  const TempWorkspace files;
  {
    World world(files.path("s"));
    plan_faults({.directory = files.path("s"), .fail_at = 2, .and_after = true, .error = ENOSPC});
    const Result<void> appended = world.log->append({{"a", "1"}});
    plan_faults({});
    CHECK(appended);
    world.put("b", "2");
    CHECK(world.known() == Values{{"a", "1"}, {"b", "2"}});
  }
  CHECK(World(files.path("s")).known() == Values{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("recent log: a file is made a little ahead and kept up to a bound") {
  const TempWorkspace files;
  World world(files.path("s"));
  const auto longest = [&] {
    return std::max(std::filesystem::file_size(files.path("s/recent/0")),
                    std::filesystem::file_size(files.path("s/recent/1")));
  };
  world.put("a", "1");
  CHECK(longest() > world.log->position().end);
  CHECK(longest() < world.log->position().end + (64 << 10));
  for (int i = 0; i < 12; ++i) world.put("large", std::string(1 << 20, 'x'));
  CHECK(longest() > (12 << 20));
  REQUIRE(world.log->restart(world.last()));
  CHECK(longest() == (4 << 20));
  world.put("b", "2");
  REQUIRE(world.log->restart(0));
  CHECK(longest() == (4 << 20));
  CHECK(world.known() == Values{{"b", "2"}});
}

// One process writes and begins anew at random, others read all the time: what a reader sees is at
// every moment what the writer had acknowledged, never less than it saw before.
TEST_CASE("recent log: readers in other processes see whole and growing states") {
  const TempWorkspace files;
  const std::string directory = files.path("s");
  {
    World world(directory);
    REQUIRE(world.log->append({{"counter", "0"}, {"twin a", "0"}, {"twin b", "0"}}));
  }
  struct Shared {
    std::atomic<int> acknowledged{0};
    std::atomic<bool> done{false};
  };
  auto* const shared = static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  REQUIRE(shared != MAP_FAILED);
  const int rounds = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 300'000 : 4000;
  std::vector<pid_t> readers;
  for (int r = 0; r < 3; ++r) {
    readers.push_back(start_process([&] {
      auto place = StateDirectory::open(directory);
      if (!place) return 1;
      auto opened = RecentLog::open(**place, "recent");
      if (!opened) return 2;
      (*place)->opened();
      int seen = 0;
      while (!shared->done) {
        const int told = shared->acknowledged;
        std::string one;
        bool erased = false;
        const auto found = opened->log->find("counter", one, erased);
        if (!found || *found == 0 || erased) return 3;
        const int value = std::stoi(one);
        if (value < told || value < seen) return 4;
        seen = value;
        const auto part = opened->log->list("twin", "", SIZE_MAX, SIZE_MAX);
        if (!part || part->records.size() != 2) return 5;
        if (part->records[0].second.record != part->records[1].second.record) return 6;
      }
      return 0;
    }));
  }
  CHECK(run_process([&] {
          auto place = StateDirectory::open(directory);
          if (!place) return 1;
          auto opened = RecentLog::open(**place, "recent");
          if (!opened) return 2;
          (*place)->opened();
          std::mt19937 random(3);
          for (int i = 1; i <= rounds; ++i) {
            const std::string value = std::to_string(i);
            if (!opened->log->append({{"counter", value}, {"twin a", value}, {"twin b", value}})) {
              return 3;
            }
            shared->acknowledged = i;
            if (random() % 7 == 0 && !opened->log->restart(static_cast<std::uint64_t>(i))) return 4;
          }
          shared->done = true;
          return 0;
        }) == 0);
  shared->done = true;
  for (const pid_t reader : readers) CHECK(exit_code(reader) == 0);
  munmap(shared, sizeof(Shared));
}

}  // namespace
}  // namespace quarry::store
