// The state of sessions: see server/session/sessions.h.

#include <filesystem>

#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using store::Table;
using test::SessionsFixture;

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("state is set, replaced and unset, and the version counts the updates") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  CHECK(fixture.update(handle, {.set = {{"b", "2"}, {"a", "1"}}}) == "1");
  CHECK(fixture.state(handle) == "a=1 b=2");
  CHECK(fixture.update(handle, {.set = {{"a", "one"}}, .unset = {"b", "absent"}}) == "2");
  CHECK(fixture.state(handle) == "a=one");
  const auto view = fixture.sessions->state(handle, {});
  REQUIRE(view);
  CHECK(view->record.version == 2);
  CHECK(view->record.keys == 1);
  CHECK(view->record.state_bytes == 1 + 3 + Record::kKeyBytes);
  CHECK(fixture.sessions->totals().state_bytes == view->record.state_bytes);
}

TEST_CASE("an update at another version changes nothing and tells the version") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  CHECK(fixture.update(handle, {.set = {{"a", "1"}}, .expected_version = 0}) == "1");
  const auto refused =
      fixture.sessions->update(handle, {.set = {{"a", "2"}}, .expected_version = 0});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kConflict);
  CHECK(holds(refused.error().message, "at version 1: read it with session_status and try again"));
  CHECK(fixture.state(handle) == "a=1");
  CHECK(fixture.update(handle, {.set = {{"a", "2"}}, .expected_version = 1}) == "2");
}

TEST_CASE("another process's update is seen by the next look, and its version counts") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  const auto other = fixture.process();
  REQUIRE(other->update(handle, {.set = {{"a", "1"}}, .label = "theirs", .ttl_s = 100}));
  const auto session = fixture.sessions->find(handle);
  REQUIRE(session);
  CHECK((*session)->record().label == "theirs");
  CHECK((*session)->record().ttl_s == 100);
  CHECK(fixture.state(handle) == "a=1");
  CHECK_FALSE(fixture.sessions->update(handle, {.unset = {"a"}, .expected_version = 0}));
  REQUIRE(other->close(handle));
  CHECK_FALSE(fixture.sessions->find(handle));
  CHECK((*session)->closed());
}

TEST_CASE("a session whose directory is gone can be listed and closed by any process") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.root = "sub"});
  const std::string other = fixture.open({.root = "other"});
  REQUIRE(fixture.update(handle, {.set = {{"a", "1"}}}) == "1");
  fixture.restart();
  std::filesystem::remove_all(fixture.files.path("sub"));
  CHECK(fixture.sessions->list({})->records.size() == 3);
  CHECK(fixture.sessions->list({.root = fixture.files.path("sub")})->total == 1);
  const std::string said = fixture.update(handle, {.set = {{"a", "2"}}});
  CHECK(holds(said, "'" + fixture.files.path("sub") + "' cannot be used"));
  CHECK(holds(said, "close the session with session_close"));
  // Closing it must not become a way around the roots, nor end the session that it runs in.
  std::string inside = fixture.files.path("other");
  std::swap(fixture.root, inside);
  CHECK(fixture.process()->close(handle).error().code == Code::kDenied);
  std::swap(fixture.root, inside);
  REQUIRE(fixture.sessions->close(handle));
  CHECK_FALSE(fixture.sessions->default_session()->closed());
  CHECK(fixture.stored(Table::kSessionState) == 0);
  CHECK(fixture.sessions->totals().sessions == 1);
  CHECK(fixture.sessions->close(handle).error().code == Code::kNotFound);
  CHECK(fixture.sessions->find(other));
}

TEST_CASE("a change that the store has to try twice counts once") {
  SessionsFixture fixture;
  fixture.store.repeating = true;
  const std::string handle = fixture.open({.label = "x"});
  CHECK(fixture.update(handle, {.set = {{"a", "1"}}}) == "1");
  CHECK(fixture.update(handle, {.set = {{"a", "22"}}, .label = "y"}) == "2");
  CHECK(fixture.sessions->totals().sessions == 1);
  CHECK(fixture.sessions->totals().state_bytes == 3 + Record::kKeyBytes);
  REQUIRE(fixture.sessions->close(handle));
  CHECK(fixture.sessions->totals().sessions == 0);
  CHECK(fixture.sessions->totals().state_bytes == 0);
}

TEST_CASE("the store's refusal is the update's, and leaves everything as it was") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  REQUIRE(fixture.update(handle, {.set = {{"a", "1"}}}) == "1");
  fixture.store.failing = true;
  CHECK(fixture.update(handle, {.set = {{"a", "2"}}}) == "the disk is full");
  CHECK_FALSE(fixture.sessions->open({}));
  CHECK_FALSE(fixture.sessions->close(handle));
  fixture.store.failing = false;
  CHECK(fixture.state(handle) == "a=1");
  CHECK(fixture.sessions->totals().sessions == 1);
}

TEST_CASE("a batch of sessions changes all of them or none") {
  SessionsFixture fixture;
  const std::string one = fixture.open();
  const std::string two = fixture.open();
  const std::vector<Update> good = {{one, {.set = {{"k", "1"}}}},
                                    {two, {.set = {{"k", "2"}}, .expected_version = 0}},
                                    {one, {.set = {{"k", "3"}}, .expected_version = 1}}};
  const auto made = fixture.sessions->update_all(good);
  REQUIRE(made);
  CHECK(made->size() == 3);
  CHECK((*made)[2].version == 2);
  CHECK(fixture.state(one) == "k=3");
  const std::vector<Update> bad = {{one, {.set = {{"k", "9"}}}},
                                   {two, {.set = {{"k", "9"}}, .expected_version = 7}}};
  const auto refused = fixture.sessions->update_all(bad);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kConflict);
  CHECK(holds(refused.error().message, "update 2 of 2: "));
  CHECK(fixture.state(one) == "k=3");
  CHECK(fixture.state(two) == "k=2");
  const std::vector<Update> unknown = {{one, {.set = {{"k", "9"}}}},
                                       {"AAAAAAAAAAAAAAAAAAAAAA", {.unset = {"k"}}}};
  CHECK_FALSE(fixture.sessions->update_all(unknown));
  CHECK(fixture.state(one) == "k=3");
}

TEST_CASE("the default session keeps state by its root, and is not closed or counted") {
  SessionsFixture fixture;
  CHECK(fixture.update("default", {.set = {{"a", "1"}}, .label = "mine"}) == "1");
  fixture.restart();
  CHECK(fixture.state("default") == "a=1");
  CHECK(fixture.update("", {.unset = {"a"}, .expected_version = 1}) == "2");
  CHECK(fixture.state("default") == "");
  CHECK(fixture.sessions->totals().sessions == 0);
  CHECK(fixture.sessions->totals().state_bytes == 0);
  CHECK(fixture.sessions->list({.label = "mine"})->total == 1);
  CHECK_FALSE(fixture.sessions->update("default", {.ttl_s = 5}));
  CHECK_FALSE(fixture.sessions->close("default"));
  fixture.root = fixture.files.path("sub");
  fixture.restart();
  CHECK(fixture.update("default", {.set = {{"b", "1"}}, .expected_version = 0}) == "1");
}

TEST_CASE("a store that cannot be read is an error of the call, and nothing of the session's") {
  SessionsFixture world;
  const std::string handle = world.open();
  CHECK(world.update(handle, {.set = {{"k", "v"}}}) == "1");
  auto other = world.process();
  CHECK(other->update(handle, {.set = {{"k", "w"}}}).has_value());
  world.store.unreadable = true;
  const auto found = world.sessions->find(handle);
  REQUIRE_FALSE(found);
  CHECK(found.error().message == "the disk cannot be read");
  const auto unknown = world.process()->find(handle);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message == "the disk cannot be read");
  world.store.unreadable = false;
  CHECK(world.state(handle) == "k=w");
}

TEST_CASE("the state is shown within its budget, and the rest can be had") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  const std::string big(5000, 'x');
  REQUIRE(fixture.update(handle, {.set = {{"a", "1"}, {"big", big}, {"c", "3"}}}) == "1");
  const auto view = fixture.sessions->state(handle, {.max_bytes = 600});
  REQUIRE(view);
  REQUIRE(view->entries.size() == 3);
  CHECK(view->entries[0].shown);
  CHECK_FALSE(view->entries[1].shown);
  CHECK(view->entries[1].size == 5000);
  CHECK(view->entries[2].value == "3");

  std::string got;
  std::uint64_t offset = 0;
  for (int i = 0; i < 20; ++i) {
    const auto part =
        fixture.sessions->state(handle, {.keys = {"big"}, .offset = offset, .max_bytes = 600});
    REQUIRE(part);
    got += part->entries.at(0).value;
    offset = part->entries.at(0).next_offset;
    if (offset == 0) break;
  }
  CHECK(got == big);

  const auto some = fixture.sessions->state(handle, {.keys = {"c", "none", "a"}});
  REQUIRE(some);
  CHECK(some->entries.size() == 2);
  CHECK(some->missing == std::vector<std::string>{"none"});
}

TEST_CASE("names that do not fit one answer follow page by page") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  std::vector<std::string> names;
  for (int i = 100; i < 200; ++i) names.push_back(std::to_string(i));
  Changes changes;
  for (const std::string& name : names) changes.set.emplace_back(name, "v");
  REQUIRE(fixture.update(handle, changes) == "1");
  std::vector<std::string> got;
  std::uint64_t offset = 0;
  for (int i = 0; i < 100; ++i) {
    const auto view = fixture.sessions->state(handle, {.offset = offset, .max_bytes = 1000});
    REQUIRE(view);
    for (const auto& entry : view->entries) got.push_back(entry.name);
    if (!view->next_key) break;
    offset = *view->next_key;
  }
  CHECK(got == names);
}

TEST_CASE("a read of a session that nobody changes asks the store for nothing") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  REQUIRE(fixture.sessions->find(handle));
  fixture.store.gets = fixture.store.changes = fixture.store.scanned = 0;
  for (int i = 0; i < 100; ++i) {
    const auto session = fixture.sessions->find(handle);
    REQUIRE(session);
    CHECK_FALSE(fixture.sessions->note_use(**session));
    REQUIRE(fixture.sessions->state(handle, {}));
  }
  CHECK(fixture.store.gets == 0);
  CHECK(fixture.store.changes == 0);
  CHECK(fixture.store.scanned == 0);
}

TEST_CASE("every value that an answer has room for is on one of the pages") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  std::vector<std::string> names;
  for (int i = 100; i < 400; ++i) names.push_back("key " + std::to_string(i));
  for (const std::string& name : names) {
    const std::string value(name == "key 200" ? 40'000 : 1400, 'v');
    REQUIRE(fixture.sessions->update(handle, {.set = {{name, value}}}));
  }
  for (const bool by_name : {false, true}) {
    StateOptions options;
    if (by_name) options.keys.assign(names.begin(), names.end());
    std::vector<std::string> met;
    for (int pages = 0; pages < 50; ++pages) {
      const auto view = fixture.sessions->state(handle, options);
      REQUIRE(view);
      for (const StateEntry& entry : view->entries) {
        met.push_back(entry.name);
        CHECK(entry.shown == (entry.size <= 1400));
      }
      if (!view->next_key) break;
      REQUIRE(*view->next_key > options.offset);
      options.offset = *view->next_key;
    }
    CHECK(met == names);
  }
}

}  // namespace
}  // namespace quarry::session
