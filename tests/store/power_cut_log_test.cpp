// A power cut while changes are in the log alone, which nothing synchronises: of each page of its
// files, and of its head, the disk may have any version that there was.
//
// QUARRY_LONG_TESTS=1: more histories.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "server/store/lmdb_store.h"
#include "server/store/recent_replay.h"
#include "tests/store/content.h"
#include "tests/store/support.h"
#include "tests/support/still_clock.h"

namespace quarry::store {
namespace {

using quarry::test::StillClock;
using quarry::test::TempWorkspace;

constexpr std::size_t kPage = 4096;

// All versions of each page of one file.
class Pages {
 public:
  void note(const std::string& bytes) {
    if (bytes.size() > versions_.size() * kPage)
      versions_.resize((bytes.size() + kPage - 1) / kPage);
    for (std::size_t i = 0; i * kPage < bytes.size(); ++i) {
      std::string page = bytes.substr(i * kPage, kPage);
      auto& known = versions_[i];
      if (known.empty() || known.back() != page) known.push_back(std::move(page));
    }
  }
  std::string newest() const {
    std::string bytes;
    for (const auto& known : versions_) bytes += known.back();
    return bytes;
  }
  // Every `loose`th page, about, is an older one, or was never written.
  std::string any(std::mt19937& random, unsigned long loose) const {
    std::string bytes;
    for (const auto& known : versions_) {
      const std::size_t back = random() % loose == 0 ? random() % (known.size() + 1) : 0;
      bytes += back == known.size() ? std::string(kPage, '\0') : known[known.size() - 1 - back];
    }
    if (random() % (2 * loose) == 0) bytes.resize(random() % (bytes.size() + 1));
    return bytes;
  }

 private:
  std::vector<std::vector<std::string>> versions_;
};

// A random change of the store, of several keys at once, and of what it should hold.
bool change_both(std::mt19937& random, Store& store, Content& content, bool& durable) {
  std::map<std::string, std::optional<std::string>> writes;
  for (unsigned long i = 0; i < 1 + random() % 4; ++i) {
    const std::string key = "key " + std::to_string(random() % 12);
    if (random() % 4 == 0) {
      writes[key] = std::nullopt;
    } else {
      writes[key] = std::to_string(random()) + std::string(random() % 2500, 'v');
    }
  }
  const auto written = store.change([&](Transaction& txn) -> Result<void> {
    for (const auto& [key, value] : writes) {
      TRY(value ? txn.put(Table::kSessionState, key, *value)
                : txn.erase(Table::kSessionState, key));
    }
    return {};
  });
  for (const auto& [key, value] : writes) {
    content.erase(key);
    if (value) content[key] = *value;
  }
  durable = written && written->durable;
  return written.has_value();
}

struct History {
  explicit History(std::uint32_t seed) : random(seed) {}

  // What a store opens with after the machine was restarted with these files.
  Content after_restart(const std::string& zero, const std::string& one, const std::string& head,
                        std::string& note) const {
    const TempWorkspace cut;
    cut.make_directory("s/state");
    cut.make_directory("s/recent");
    REQUIRE(chmod(cut.path("s").c_str(), 0700) == 0);
    for (const char* same : {"version", "cache.boot", "state/data.mdb"}) {
      cut.write(std::string("s/") + same, files.read(std::string("s/") + same));
    }
    cut.write("s/recent.boot", "11111111-2222-3333-4444-555555555555\n");
    cut.write("s/recent/0", zero);
    cut.write("s/recent/1", one);
    cut.write("s/recent/head", head);
    Content content;
    for (int twice = 0; twice < 2; ++twice) {
      const auto store = LmdbStore::open(cut.path("s"), {.clock = &clock});
      REQUIRE(store);
      if (twice == 0) {
        note = (*store)->stats().note;
        content = content_of(**store);
      }
      CHECK(content_of(**store) == content);
      CHECK((*store)->stats().damaged == 0);
    }
    return content;
  }

  void run(int steps) {
    const auto opened =
        LmdbStore::open(files.path("s"), {.recent_bytes = 64U << 10U, .clock = &clock});
    REQUIRE(opened);
    Store& store = **opened;
    std::vector<Content> states(1);
    std::size_t on_disk = 0;
    Pages zero, one, head;
    for (int step = 0; step < steps; ++step) {
      INFO("step " << step);
      if (random() % 7 == 0) {
        REQUIRE(store.flush());
        on_disk = states.size() - 1;
      } else {
        bool durable = false;
        states.push_back(states.back());
        REQUIRE(change_both(random, store, states.back(), durable));
        if (durable) on_disk = states.size() - 1;
      }
      zero.note(files.read("s/recent/0"));
      one.note(files.read("s/recent/1"));
      head.note(files.read("s/recent/head"));
      std::string note;
      CHECK(after_restart(zero.newest(), one.newest(), head.newest(), note) == states.back());
      CHECK(note.empty());
      for (const unsigned long loose : {2U, 8U}) {
        const Content found = after_restart(zero.any(random, loose), one.any(random, loose),
                                            head.any(random, loose), note);
        // One of those that the store was in, with all that was on disk.
        CHECK(std::find(states.begin() + static_cast<std::ptrdiff_t>(on_disk), states.end(),
                        found) != states.end());
      }
    }
  }

  StillClock clock;
  TempWorkspace files;
  std::mt19937 random;
};

TEST_CASE(
    "store goes on after a power cut with the changes of its log that came to disk in order") {
  const std::uint32_t histories = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 100 : 3;
  for (std::uint32_t seed = 1; seed <= histories; ++seed) {
    INFO("history " << seed);
    History(seed).run(60);
  }
}

// The log alone, begun anew while changes that the state does not cover stay in it, as when they
// come during a flush.
TEST_CASE("replayed log brings a state to one that followed it, whatever is left of its files") {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const TempWorkspace files;
    const auto place = StateDirectory::open(files.path("s"));
    REQUIRE(place);
    const auto recent = RecentLog::open(**place, "recent");
    REQUIRE(recent);
    RecentLog& log = *recent->log;
    std::vector<Content> states(1);
    std::uint64_t covered = 0;
    bool begun_anew = false;
    Pages zero, one;
    for (int step = 0; step < 80; ++step) {
      INFO("step " << step);
      if (random() % 8 == 0 && covered < states.size() - 1) {
        covered += 1 + random() % (states.size() - 1 - covered);
        if (random() % 3 != 0) {  // else killed before
          REQUIRE(log.restart(covered));
          begun_anew = covered + 1 < states.size() || begun_anew;
        }
      } else {
        RecentLog::Writes writes;
        states.push_back(states.back());
        for (unsigned long i = 0; i < 1 + random() % 3; ++i) {
          const std::string key = "key " + std::to_string(random() % 8);
          states.back().erase(key);
          writes[key] = std::nullopt;
          if (random() % 4 == 0) continue;
          writes[key] = std::to_string(random()) + std::string(random() % 2500, 'v');
          states.back()[key] = *writes[key];
        }
        REQUIRE(log.append(writes));
      }
      zero.note(files.read("s/recent/0"));
      one.note(files.read("s/recent/1"));
      for (const unsigned long loose : {0U, 2U, 8U}) {
        files.write("s/cut/0", loose == 0 ? zero.newest() : zero.any(random, loose));
        files.write("s/cut/1", loose == 0 ? one.newest() : one.any(random, loose));
        files.write("s/cut/head", files.read("s/recent/head"));
        const Covered before = {covered == 0 ? 0 : log.epoch(), covered};
        const ReplayedLog replayed = replay_log(**place, "cut", before);
        // A state that knows nothing of it is not the one that such a log follows.
        if (begun_anew && loose == 0) CHECK(replay_log(**place, "cut", {}).records.empty());
        const std::uint64_t reached = replayed.reached.change;
        REQUIRE(reached >= covered);
        REQUIRE(reached < states.size());
        if (loose == 0) CHECK(reached == states.size() - 1);
        CHECK(replayed.reached.epoch == log.epoch());
        CHECK(replayed.last == states.size() - 1);
        Content content = states[covered];
        for (const auto& [key, record] : replayed.records) {
          content.erase(key);
          if (record.record) content[key] = *record.record;
        }
        CHECK(content == states[reached]);
      }
    }
  }
}

}  // namespace
}  // namespace quarry::store
