// Last uses, expiry and the sweep: see server/session/sessions.h.

#include "server/base/bytes.h"
#include "tests/session/fixture.h"

namespace quarry::session {
namespace {

using store::Table;
using test::HeldBackground;
using test::SessionsFixture;

TEST_CASE("the last use is stored only when it moved by more than a session's slack") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 100});  // slack: 5 s
  const auto session = *fixture.sessions->find(handle);
  fixture.store.changes = 0;
  for (int i = 0; i < 5; ++i) {
    fixture.clock.now_ms += 1000;
    CHECK_FALSE(fixture.sessions->note_use(*session));
  }
  CHECK(fixture.store.changes == 0);
  fixture.clock.now_ms += 1000;
  CHECK(fixture.sessions->note_use(*session));
  CHECK_FALSE(fixture.sessions->note_use(*session));  // told once
  fixture.sessions->store_use();
  CHECK(fixture.store.changes == 1);
  // Another process goes by what is stored.
  const auto other = fixture.process();
  fixture.clock.now_ms += 100'000;
  CHECK(other->find(handle));
  fixture.clock.now_ms += 5'000;
  CHECK_FALSE(other->find(handle));
}

TEST_CASE("what was used and not stored is remembered at the end") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 100});
  fixture.clock.now_ms += 4000;
  fixture.sessions->note_use(**fixture.sessions->find(handle));
  fixture.sessions->remember_use();
  fixture.restart();
  CHECK((*fixture.sessions->find(handle))->record().used_ms == fixture.clock.now_ms);
}

TEST_CASE("a closed session stays closed though another process remembers its use") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  const auto other = fixture.process();
  REQUIRE(other->find(handle));
  fixture.clock.now_ms += 1000;
  other->note_use(**other->find(handle));
  REQUIRE(fixture.sessions->close(handle));
  other->remember_use();
  CHECK_FALSE(fixture.sessions->find(handle));
  CHECK_FALSE(other->find(handle));
}

TEST_CASE("the sweep takes out what expired, with its state, and remembers how to recover") {
  SessionsFixture fixture;
  const std::string gone = fixture.open({.root = "sub", .label = "l", .ttl_s = 60});
  const std::string kept = fixture.open({.label = "l"});
  REQUIRE(fixture.update(gone, {.set = {{"a", "1"}}}) == "1");
  REQUIRE(fixture.update(kept, {.set = {{"a", "1"}}}) == "1");
  fixture.clock.now_ms += 3 * 3'600'000;
  CHECK_FALSE(fixture.sessions->sweep(100));
  const Totals totals = fixture.sessions->totals();
  CHECK(totals.sessions == 1);
  CHECK(totals.expired == 1);
  CHECK(totals.state_bytes == 2 + Record::kKeyBytes);
  CHECK(fixture.stored(Table::kSessionState) == 1);
  CHECK(fixture.sessions->list({.label = "l"})->total == 1);
  CHECK(fixture.state(kept) == "a=1");
  const std::string said = fixture.state(gone);
  CHECK(said == "the session expired 2 h ago; call session_open with root '" +
                    fixture.files.path("sub") + "'");
  const auto closing = fixture.sessions->close(gone);
  REQUIRE_FALSE(closing);
  CHECK(closing.error().message == "the session expired 2 h ago, so there is nothing to close");
  // And forgets even that after a while.
  fixture.clock.now_ms += 8LL * 86'400'000;
  fixture.sessions->sweep(100);
  CHECK(fixture.state(gone).find("no session with this handle") == 0);
  // The other one has expired by now as well, and is remembered.
  CHECK(fixture.sessions->totals().sessions == 0);
  CHECK(fixture.sessions->totals().expired == 1);
  fixture.clock.now_ms += 8LL * 86'400'000;
  fixture.sessions->sweep(100);
  CHECK(fixture.stored(Table::kSessionIndex) == 0);
  CHECK(fixture.stored(Table::kSessionState) == 0);
}

TEST_CASE("an expired session is remembered as long as the limit says, and not a second more") {
  SessionsFixture fixture;
  fixture.set("session_expired_kept_s", 1000);
  const std::string handle = fixture.open({.ttl_s = 60});
  fixture.clock.now_ms += 100'000;
  (void)fixture.sessions->sweep(100);
  const std::int64_t expired_ms = fixture.clock.now_ms - 100'000 + 60'000;
  CHECK(fixture.sessions->totals().expired == 1);
  fixture.clock.now_ms = expired_ms + 1'000'000;
  (void)fixture.sessions->sweep(100);
  CHECK(fixture.state(handle).starts_with("the session expired"));
  fixture.clock.now_ms += 1000;
  (void)fixture.sessions->sweep(100);
  CHECK(fixture.sessions->totals().expired == 0);
  CHECK(fixture.state(handle).starts_with("no session with this handle"));
}

TEST_CASE("a session that expired by a clock that was set back since expired just now") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 60});
  fixture.clock.now_ms += 3'600'000;
  fixture.sessions->sweep(100);
  fixture.clock.now_ms -= 3'600'000;
  CHECK(fixture.state(handle).starts_with("the session expired 0 s ago; call session_open"));
}

TEST_CASE("the sweep spares a session that a call holds") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 60});
  auto held = *fixture.sessions->find(handle);
  fixture.clock.now_ms += 3'600'000;
  fixture.sessions->sweep(100);
  CHECK(fixture.sessions->totals().sessions == 1);
  held.reset();
  fixture.sessions->sweep(100);
  CHECK(fixture.sessions->totals().sessions == 0);
}

TEST_CASE("a session does not expire under a call of its own, for whoever looks") {
  SessionsFixture world;
  const std::string handle = world.open({.ttl_s = 5});
  {
    const auto running = world.sessions->find(handle).value();
    world.clock.now_ms += 60'000;
    CHECK(world.sessions->find(handle).value() == running);
    CHECK_FALSE(world.sessions->sweep(100));
    CHECK(world.sessions->find(handle).has_value());
    CHECK_FALSE(running->closed());
  }
  const auto late = world.sessions->find(handle);
  REQUIRE_FALSE(late);
  CHECK(late.error().message.find("expired") != std::string::npos);
}

TEST_CASE("a time to live that another process has shortened counts here too") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 1000});
  const auto other = fixture.process();
  other->note_use(**other->find(handle));
  REQUIRE(fixture.sessions->update(handle, {.ttl_s = 10}));
  fixture.clock.now_ms += 5'000;
  REQUIRE(other->find(handle));
  other->note_use(**other->find(handle));
  fixture.clock.now_ms += 9'000;
  CHECK(other->find(handle));  // its own last use is 9 s old
  fixture.clock.now_ms += 2'000;
  CHECK_FALSE(other->find(handle));
}

TEST_CASE("a time to live that was shortened ends a session that nobody used since") {
  SessionsFixture fixture;
  const std::string handle = fixture.open({.ttl_s = 1000});
  const auto other = fixture.process();
  other->note_use(**other->find(handle));
  REQUIRE(fixture.sessions->update(handle, {.ttl_s = 10}));
  fixture.clock.now_ms += 11'000;
  other->sweep(100);
  CHECK(other->totals().expired == 1);
  const auto found = other->find(handle);
  REQUIRE_FALSE(found);
  CHECK(found.error().message.starts_with("the session expired 1 s ago"));
}

TEST_CASE("the sweep goes in bounded steps") {
  SessionsFixture fixture;
  for (int i = 0; i < 200; ++i) fixture.open({.ttl_s = 60});
  fixture.clock.now_ms += 3'600'000;
  CHECK(fixture.sessions->sweep(70));
  CHECK(fixture.sessions->totals().sessions == 130);
  CHECK(fixture.sessions->sweep(70));
  CHECK(fixture.sessions->sweep(60));
  CHECK(fixture.sessions->totals().sessions == 0);
  CHECK_FALSE(fixture.sessions->sweep(70));
}

TEST_CASE("a large state goes in parts, and is not seen meanwhile") {
  SessionsFixture fixture;
  fixture.set("session_keys", 10'000);
  const std::string handle = fixture.open();
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(std::to_string(i));
  Changes changes;
  for (const std::string& name : names) changes.set.emplace_back(name, "v");
  REQUIRE(fixture.update(handle, changes) == "1");
  fixture.store.changes = 0;
  REQUIRE(fixture.sessions->close(handle));
  CHECK(fixture.store.changes > 3);
  CHECK(fixture.stored(Table::kSessionState) == 0);
  CHECK(fixture.stored(Table::kSessionIndex) == 0);
  CHECK(fixture.sessions->totals().state_bytes == 0);
}

TEST_CASE("in the background the sweeps go on while there are sessions, and no longer") {
  SessionsFixture fixture;
  HeldBackground background;
  fixture.background = &background;
  fixture.restart();
  CHECK(background.works.empty());
  fixture.open({.ttl_s = 60});
  fixture.open({.ttl_s = 60});
  CHECK(background.works.size() == 1);
  for (int i = 0; i < 3; ++i) CHECK(background.run() == 1);
  fixture.clock.now_ms += 3'600'000;
  background.run();
  CHECK(fixture.sessions->totals().sessions == 0);
  fixture.clock.now_ms += 8LL * 86'400'000;
  for (int i = 0; i < 3; ++i) background.run();
  CHECK(background.works.empty());
  fixture.open({.ttl_s = 60});
  CHECK(background.works.size() == 1);
  // Work that comes after the sessions have gone does nothing.
  fixture.sessions.reset();
  background.run();
}

TEST_CASE("a process that only uses sessions sweeps them as well") {
  SessionsFixture fixture;
  const std::string handle = fixture.open();
  HeldBackground background;
  fixture.background = &background;
  fixture.restart();
  REQUIRE(fixture.sessions->find(handle));
  REQUIRE(fixture.sessions->find(handle));
  CHECK(background.works.size() == 1);
}

TEST_CASE("a session that is opened just when the last sweep ends is swept one day") {
  SessionsFixture fixture;
  HeldBackground background;
  fixture.background = &background;
  fixture.restart();
  const std::vector<std::string> gone = {fixture.open(), fixture.open()};
  for (const std::string& handle : gone) REQUIRE(fixture.sessions->close(handle));
  REQUIRE(background.works.size() == 1);
  // The sweep has seen that there are none, and does not know of this one.
  int looks = 0;
  fixture.store.after_read = [&](Table table, std::string_view key) {
    if (table != Table::kTotals || key != rows::kTotalsKey || ++looks > 1) return;
    fixture.open({.ttl_s = 60});
  };
  background.run();
  REQUIRE(looks == 1);
  CHECK(background.works.size() == 1);
}

TEST_CASE("records of version 1 are found, listed and updated") {
  SessionsFixture fixture;
  const auto old_record = [&](const std::string& handle) {
    std::string bytes;
    ByteWriter(bytes)
        .number(1)
        .string(handle)
        .string(fixture.files.path("sub"))
        .string("old")
        .boolean(false)
        .signed_number(fixture.clock.now_ms - 1000)
        .signed_number(fixture.clock.now_ms)
        .signed_number(600);
    REQUIRE(fixture.store.put(Table::kSessions, handle, bytes));
  };
  const std::string one = "OOOOOOOOOOOOOOOOOOOOOO";
  const std::string two = "PPPPPPPPPPPPPPPPPPPPPP";
  old_record(one);
  CHECK(fixture.sessions->find(one));
  CHECK(fixture.update(one, {.set = {{"a", "1"}}}) == "1");
  CHECK(fixture.sessions->totals().sessions == 1);
  old_record(two);
  fixture.restart();
  const auto listed = fixture.sessions->list({.label = "old"});
  REQUIRE(listed);
  CHECK(listed->total == 2);
  CHECK(listed->records.size() == 2);
  fixture.clock.now_ms += 3'600'000;
  fixture.sessions->sweep(10);
  CHECK(fixture.sessions->totals().expired == 2);
}

}  // namespace
}  // namespace quarry::session
