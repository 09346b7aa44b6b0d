#include "tests/tools/session/session_fixture.h"

namespace quarry::test {
namespace {

using tools::session_close;
using tools::session_open;
using tools::session_status;

TEST_CASE("session_status tells one session with its branch and calls") {
  SessionFixture fixture;
  fixture.files.write(".git/HEAD", "ref: refs/heads/topic/one\n");
  const auto status = fixture.call(session_status, R"({"session":"default"})");
  CHECK(status["total"] == 1);
  CHECK(status["branch"] == "topic/one");
  CHECK(status["sessions"][0]["session"] == "default");
  CHECK(status["sessions"][0]["root"] == fixture.files.root());
  fixture.files.write(".git/HEAD", "0123456789012345678901234567890123456789\n");
  CHECK_FALSE(fixture.call(session_status, R"({"session":"default"})").contains("branch"));
}

TEST_CASE("session_status lists by last use, by label, and page by page") {
  SessionFixture fixture;
  std::vector<std::string> handles;
  for (int i = 0; i < 5; ++i) {
    fixture.clock.now_ms += 1000;
    handles.push_back(fixture.call(
        session_open, i % 2 == 0 ? R"({"label":"even"})" : R"({"label":"odd"})")["session"]);
  }
  const auto all = fixture.call(session_status, "{}");
  CHECK(all["total"] == 6);
  CHECK(all["sessions"][0]["session"] == "default");
  CHECK(all["sessions"][1]["session"] == handles[4]);
  CHECK(all["sessions"][5]["session"] == handles[0]);
  CHECK_FALSE(all.contains("next_offset"));
  CHECK(fixture.call(session_status, R"({"label":"even"})")["total"] == 3);
  const auto page = fixture.call(session_status, R"({"limit":2,"offset":2})");
  CHECK(page["sessions"].size() == 2);
  CHECK(page["sessions"][0]["session"] == handles[3]);
  CHECK(page["next_offset"] == 4);
  CHECK(fixture.call(session_status, R"({"offset":100})")["sessions"].empty());
}

TEST_CASE("session_status shows neither closed nor expired sessions") {
  SessionFixture fixture;
  const std::string closed = fixture.call(session_open, "{}")["session"];
  fixture.call(session_open, R"({"ttl_s":10})");
  fixture.call(session_close, R"({"session":")" + closed + "\"}", closed);
  CHECK(fixture.call(session_status, "{}")["total"] == 2);
  fixture.clock.now_ms += 11'000;
  CHECK(fixture.call(session_status, "{}")["total"] == 1);
}

}  // namespace
}  // namespace quarry::test
