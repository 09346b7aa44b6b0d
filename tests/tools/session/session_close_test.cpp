#include "tests/tools/session/session_fixture.h"

namespace quarry::test {
namespace {

using tools::session_close;
using tools::session_open;

TEST_CASE("session_close forgets the handle for good") {
  SessionFixture fixture;
  const std::string handle = fixture.call(session_open, "{}")["session"];
  const auto closed = fixture.call(session_close, R"({"session":")" + handle + "\"}", handle);
  CHECK(closed["closed"] == true);
  CHECK(closed["session"] == handle);
  CHECK(closed["durable"] == false);  // in memory
  CHECK_FALSE(fixture.sessions->find(handle));
  const std::string again =
      fixture.call(session_close, R"({"session":")" + handle + "\"}")["error"];
  CHECK(again ==
        "no session with this handle; it was closed before, or the handle is wrong: session_status "
        "lists what is open");
  fixture.restart();
  CHECK_FALSE(fixture.sessions->find(handle));
}

TEST_CASE("session_close marks a session that calls still hold") {
  SessionFixture fixture;
  const std::string handle = fixture.call(session_open, "{}")["session"];
  const auto held = fixture.sessions->find(handle);
  REQUIRE(held);
  CHECK_FALSE((*held)->closed());
  fixture.call(session_close, R"({"session":")" + handle + "\"}", handle);
  CHECK((*held)->closed());
}

TEST_CASE("session_close leaves the default session and unknown handles alone") {
  SessionFixture fixture;
  CHECK(fixture.call(session_close, R"({"session":"default"})").contains("error"));
  CHECK(fixture.call(session_close, "{}").contains("error"));
  CHECK(fixture.call(session_close, R"({"session":"../x"})").contains("error"));
  CHECK(fixture.sessions->find("default"));
}

}  // namespace
}  // namespace quarry::test
