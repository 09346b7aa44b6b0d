#include <set>

#include "tests/tools/session/session_fixture.h"

namespace quarry::test {
namespace {

using tools::session_open;

TEST_CASE("session_open makes a handle for a directory inside the root") {
  SessionFixture fixture;
  const auto opened = fixture.call(session_open, R"({"root":"sub","label":"part"})");
  CHECK(opened["session"].get<std::string>().size() == 22);
  CHECK(opened["root"] == fixture.files.path("sub"));
  CHECK(opened["label"] == "part");
  CHECK(opened["read_only"] == false);
  CHECK(opened["created"] == "2023-11-14T22:13:20Z");
  CHECK(opened["expires"] == "2023-11-15T22:13:20Z");
  CHECK(fixture.call(session_open, R"({})")["root"] == fixture.files.root());
}

TEST_CASE("session_open never makes the same handle twice") {
  SessionFixture fixture;
  std::set<std::string> handles;
  for (int i = 0; i < 500; ++i) handles.insert(fixture.call(session_open, "{}")["session"]);
  CHECK(handles.size() == 500);
}

TEST_CASE("session_open refuses what lies outside or is no directory, and bad values") {
  SessionFixture fixture;
  fixture.files.link("..", "up");
  fixture.files.link("/etc", "away");
  struct Row {
    const char* arguments;
    const char* part_of_the_error;
  };
  const Row rows[] = {
      {R"({"root":".."})", "must lie inside"},
      {R"({"root":"/etc"})", "must lie inside"},
      {R"({"root":"sub/../.."})", "must lie inside"},
      {R"({"root":"up"})", "outside the root"},
      {R"({"root":"away"})", "symbolic link"},
      {R"({"root":"plain.txt"})", "not a directory"},
      {R"({"root":"nowhere"})", "no directory 'nowhere'"},
      {R"({"ttl_s":0})", "'ttl_s'"},
      {R"({"ttl_s":31536001})", "'ttl_s'"},
      {R"({"read_only":"perhaps"})", "'read_only'"},
      {R"({"rooot":"sub"})", "'root'"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    const auto answer = fixture.call(session_open, row.arguments);
    REQUIRE(answer.contains("error"));
    INFO(answer["error"].get<std::string>());
    CHECK(answer["error"].get<std::string>().find(row.part_of_the_error) != std::string::npos);
    CHECK(answer["error"].get<std::string>().find("passwd") == std::string::npos);
  }
  const std::string label(201, 'x');
  CHECK(fixture.call(session_open, R"({"label":")" + label + "\"}").contains("error"));
  CHECK_FALSE(
      fixture.call(session_open, R"({"label":")" + label.substr(1) + "\"}").contains("error"));
}

TEST_CASE("session_open in a read-only server makes read-only sessions") {
  SessionFixture fixture(/*read_only=*/true);
  CHECK(fixture.call(session_open, R"({"read_only":false})")["read_only"] == true);
}

TEST_CASE("a session survives a restart and keeps to its root") {
  SessionFixture fixture;
  const std::string handle = fixture.call(session_open, R"({"root":"sub"})")["session"];
  fixture.restart();
  const auto again = fixture.sessions->find(handle);
  REQUIRE(again);
  CHECK((*again)->workspace().root() == fixture.files.path("sub"));
}

TEST_CASE("a ledger is of the session that was opened with it, and empty after a restart") {
  SessionFixture fixture;
  const nlohmann::json opened = fixture.call(session_open, R"({"ledger":true})");
  CHECK(opened["ledger"] == true);
  CHECK_FALSE(fixture.call(session_open, "{}").contains("ledger"));
  CHECK(fixture.sessions->default_session()->ledger() == nullptr);
  const std::string handle = opened["session"];
  const session::Ledger::Reading reading{.key = "a.c", .text = nullptr};
  using Kind = session::Ledger::Look::Kind;
  session::Ledger* ledger = fixture.sessions->find(handle).value()->ledger();
  REQUIRE(ledger != nullptr);
  ledger->note(reading, 0);
  CHECK(ledger->look(reading, 0).kind == Kind::kReceived);
  fixture.restart();
  ledger = fixture.sessions->find(handle).value()->ledger();
  REQUIRE(ledger != nullptr);
  CHECK(ledger->look(reading, 0).kind == Kind::kNew);
}

TEST_CASE("a session expires by its last use, and says how to get a new one") {
  SessionFixture fixture;
  const std::string handle = fixture.call(session_open, R"({"root":"sub","ttl_s":60})")["session"];
  fixture.clock.now_ms += 59'000;
  auto session = fixture.sessions->find(handle);
  REQUIRE(session);
  (*session)->touch(fixture.clock.wall_ms());
  session = std::shared_ptr<session::Session>();  // as a call that has ended
  fixture.clock.now_ms += 59'000;
  CHECK(fixture.sessions->find(handle));
  fixture.clock.now_ms += 3 * 3'600'000;
  const auto gone = fixture.sessions->find(handle);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message.find("expired 2 h ago; call session_open with root") !=
        std::string::npos);
}

}  // namespace
}  // namespace quarry::test
