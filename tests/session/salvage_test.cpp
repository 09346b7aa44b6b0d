// Sessions of a store of which some pages were damaged, whichever they are.

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using test::TempWorkspace;
using test::TurnedClock;

constexpr std::size_t kPage = 4096;

std::unique_ptr<Sessions> sessions_in(const std::string& root, store::Store& store,
                                      const Clock& clock) {
  return std::make_unique<Sessions>(
      Sessions::Config{.roots = {sandbox::Workspace::open(root).value()},
                       .git_helper = "/nonexistent"},
      store, clock);
}

TEST_CASE("damaged pages bring no closed session back, and what is lost is said") {
  const bool one_page = GENERATE(true, false);  // else a sixth of them
  // Whoever finds the damage takes over what is left, and dies before the sessions are repaired.
  const bool first_dies = GENERATE(false, true);
  std::mt19937 random(20260103);
  const TempWorkspace files;
  std::filesystem::create_directory(files.path("tree"));
  TurnedClock clock;
  std::set<std::string> open;
  std::set<std::string> closed;
  {
    const auto store = store::Store::at(files.path("s"));
    const auto sessions = sessions_in(files.path("tree"), *store, clock);
    for (int i = 0; i < 60; ++i) {
      clock.now_ms += 1;
      const std::string handle = sessions->open({}).value().session->handle();
      REQUIRE(sessions->update(handle, {.set = {{"a", std::string(200, 'a')}, {"b", "b"}}}));
      open.insert(handle);
    }
    REQUIRE(store->flush());
    const std::vector<std::string> all(open.begin(), open.end());
    for (std::size_t i = 0; i < all.size(); i += 5) {  // all in one change of the state
      REQUIRE(sessions->close(all[i]));
      closed.insert(all[i]);
      open.erase(all[i]);
    }
    REQUIRE(store->flush());
  }
  const std::string data = "s/state/data.mdb";
  const std::string whole = files.read(data);
  int hurt = 0;
  int roots = 0;
  int said = 0;
  for (std::size_t at = 2 * kPage; at < whole.size(); at += kPage) {
    INFO("page " << at / kPage);
    std::string bytes = whole;
    for (std::size_t page = 2 * kPage; page < whole.size(); page += kPage) {
      if (one_page ? page != at : random() % 6 != 0) continue;
      std::fill_n(bytes.begin() + static_cast<long>(page), kPage, '\xee');
    }
    std::filesystem::remove_all(files.path("s/recent"));
    files.write(data, bytes);
    std::string found;
    if (first_dies) found = store::Store::at(files.path("s"))->stats().note;
    const auto store = store::Store::at(files.path("s"));
    const auto sessions = sessions_in(files.path("tree"), *store, clock);
    const Listed listed = sessions->list({.limit = 100}).value();
    const std::string note = sessions->repair_note();
    if (!first_dies) found = store->stats().note;
    if (found.empty()) {
      CHECK(note.empty());
      continue;  // nobody needs that page
    }
    ++hurt;
    std::set<std::string> there;
    std::size_t partly = 0;
    for (const Record& record : listed.records) {
      if (record.handle == kDefaultHandle) continue;
      there.insert(record.handle);
      if (record.keys == 2) continue;
      ++partly;
      CHECK(record.version == 2);  // the loss counts as an update
    }
    const bool back = std::any_of(closed.begin(), closed.end(), [&](const std::string& handle) {
      return there.contains(handle);
    });
    // The root, above all others, is hurt, or both the record and its row: nothing is known then.
    roots += back ? 1 : 0;
    if (back) continue;
    CHECK(std::includes(open.begin(), open.end(), there.begin(), there.end()));
    if (there.empty()) {  // neither tree has anything: the store says that
      CHECK(found.ends_with(" lost"));
      continue;
    }
    if (there == open && partly == 0) {
      CHECK(note.empty());
      continue;
    }
    ++said;
    CHECK(note.starts_with(std::to_string(there.size()) + " sessions are left, " +
                           std::to_string(partly) + " of them without some of their state; "));
    CHECK(note.ends_with(there == open ? "no other is known to be lost" : " lost"));
  }
  CHECK(hurt > 10);
  if (one_page) CHECK(roots <= 1);
  if (!one_page) CHECK(said > 0);
}

}  // namespace
}  // namespace quarry::session
