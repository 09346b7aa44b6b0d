// Lists of sessions, and how many may be at hand: see server/session/sessions.h.

#include <algorithm>

#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using test::SessionsFixture;

std::vector<std::string> handles(const Result<Listed>& listed) {
  REQUIRE(listed);
  std::vector<std::string> found;
  for (const Record& record : listed->records) found.push_back(record.handle);
  return found;
}

TEST_CASE("pages of every size list each session once, the newest first") {
  SessionsFixture fixture;
  std::vector<std::string> opened;
  for (int i = 0; i < 23; ++i) {
    fixture.clock.now_ms += 10;
    opened.push_back(fixture.open({.root = i % 3 == 0 ? "sub" : "", .label = i % 2 ? "odd" : ""}));
  }
  std::reverse(opened.begin(), opened.end());
  struct Row {
    ListOptions options;
    std::vector<std::string> want;
  };
  std::vector<std::string> all = {"default"};
  all.insert(all.end(), opened.begin(), opened.end());
  std::vector<std::string> odd, sub;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const std::size_t age = opened.size() - 1 - i;
    if (age % 2 == 1) odd.push_back(opened[i]);
    if (age % 3 == 0) sub.push_back(opened[i]);
  }
  const Row rows[] = {{{}, all},
                      {{.label = "odd"}, odd},
                      {{.root = "sub"}, sub},
                      {{.root = fixture.files.path("sub")}, sub},
                      {{.label = "none"}, {}},
                      {{.root = "other"}, {}}};
  for (const Row& row : rows) {
    for (const std::size_t limit : {1U, 2U, 7U, 50U}) {
      INFO(row.options.label << "|" << row.options.root << "|" << limit);
      ListOptions options = row.options;
      options.limit = limit;
      std::vector<std::string> got;
      for (int page = 0; page < 50; ++page) {
        const auto listed = fixture.sessions->list(options);
        REQUIRE(listed);
        CHECK(listed->total == row.want.size());
        for (const Record& record : listed->records) got.push_back(record.handle);
        if (!listed->next_offset) break;
        CHECK(*listed->next_offset == options.offset + listed->records.size());
        options.offset = *listed->next_offset;
      }
      CHECK(got == row.want);
    }
  }
  const auto both = fixture.sessions->list({.label = "odd", .root = "sub"});
  REQUIRE(both);
  CHECK(both->total == 4);
  CHECK(both->records.size() == 4);
}

TEST_CASE("sessions outside the roots of a server are not listed, counted or found") {
  SessionsFixture fixture;
  for (int i = 0; i < 20; ++i) fixture.open({.root = "sub", .label = "l"});
  const std::string mine = fixture.open({.root = "other", .label = "l"});
  const std::string theirs = fixture.open({.root = "sub", .ttl_s = 60});
  fixture.root = fixture.files.path("other");
  fixture.restart();
  CHECK(handles(fixture.sessions->list({})) == std::vector<std::string>{"default", mine});
  CHECK(fixture.sessions->list({})->total == 2);
  CHECK(handles(fixture.sessions->list({.label = "l"})) == std::vector<std::string>{mine});
  CHECK(fixture.sessions->list({.label = "l"})->total == 1);
  CHECK_FALSE(fixture.sessions->list({.root = fixture.files.path("sub")}));
  // SE-11: the handle alone does not bring the root along, and nothing tells where it lay.
  for (const std::int64_t later : {0, 3'600'000}) {
    fixture.clock.now_ms += later;
    const auto refused = fixture.sessions->find(theirs);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find(fixture.files.path("sub")) == std::string::npos);
    CHECK_FALSE(fixture.sessions->close(theirs));
    CHECK_FALSE(fixture.sessions->state(theirs, {}));
    CHECK_FALSE(fixture.sessions->update(theirs, {.set = {{"a", "b"}}}));
  }
}

TEST_CASE("a list passes over sessions that expired since the last sweep") {
  SessionsFixture fixture;
  fixture.open({.label = "l", .ttl_s = 60});
  const std::string kept = fixture.open({.label = "l"});
  fixture.clock.now_ms += 100'000;
  const auto listed = fixture.sessions->list({.label = "l"});
  CHECK(handles(listed) == std::vector<std::string>{kept});
  CHECK(listed->total == 1);
  CHECK(fixture.sessions->list({})->total == 2);
}

TEST_CASE("a list shows the latest use, whichever process it was in") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 100});
  const auto other = fixture.process();
  const auto used_ms = [&](Sessions& sessions) {
    return sessions.list({.limit = 2})->records.at(1).used_ms;
  };
  fixture.clock.now_ms += 50'000;
  other->note_use(**other->find(handle));
  other->remember_use();
  CHECK(used_ms(*fixture.sessions) == fixture.clock.now_ms);
  // One that is not stored yet counts, too.
  fixture.clock.now_ms += 1;
  fixture.sessions->note_use(**fixture.sessions->find(handle));
  CHECK(used_ms(*fixture.sessions) == fixture.clock.now_ms);
}

TEST_CASE("a page costs what it shows, not what is stored") {
  SessionsFixture fixture;
  for (int i = 0; i < 2000; ++i) fixture.open({.label = "l"});
  for (const ListOptions& options : {ListOptions{.limit = 5}, ListOptions{.label = "l", .limit = 5},
                                     ListOptions{.root = ".", .limit = 5}}) {
    fixture.store.scanned = fixture.store.gets = 0;
    CHECK(fixture.sessions->list(options)->total >= 2000);
    CHECK(fixture.store.scanned < 20);
    CHECK(fixture.store.gets < 20);
  }
}

TEST_CASE("few sessions are kept at hand, and those that calls hold are among them") {
  SessionsFixture fixture;
  fixture.set("sessions_loaded", 4);
  std::vector<std::string> opened;
  for (int i = 0; i < 20; ++i) opened.push_back(fixture.open());
  CHECK(fixture.sessions->in_use() == 5);
  const auto held = *fixture.sessions->find(opened[0]);
  for (const std::string& handle : opened) REQUIRE(fixture.sessions->find(handle));
  CHECK(fixture.sessions->in_use() == 5);
  CHECK(*fixture.sessions->find(opened[0]) == held);
}

TEST_CASE("sessions on many directories keep few of them open") {
  SessionsFixture fixture;
  fixture.set("session_directories", 3);
  std::vector<std::string> opened;
  for (int i = 0; i < 30; ++i) {
    fixture.files.make_directory("many/" + std::to_string(i));
    opened.push_back(fixture.open({.root = "many/" + std::to_string(i)}));
  }
  CHECK(fixture.sessions->in_use() <= 4);
  for (int i = 0; i < 30; ++i) {
    const auto session = fixture.sessions->find(opened[static_cast<std::size_t>(i)]);
    REQUIRE(session);
    CHECK((*session)->workspace().root() == fixture.files.path("many/" + std::to_string(i)));
  }
}

}  // namespace
}  // namespace quarry::session
