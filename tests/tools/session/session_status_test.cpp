#include <chrono>
#include <thread>

#include "tests/tools/session/session_fixture.h"

namespace quarry::test {
namespace {

using tools::session_close;
using tools::session_open;
using tools::session_status;
using tools::session_update;

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

TEST_CASE("session_status sees every change of the branch at once") {
  SessionFixture fixture;
  fixture.clock.now_ms = SystemClock().wall_ms() + 3'600'000;  // all times can be trusted
  const auto branch = [&] {
    const auto ask = [&] {
      return fixture.call(session_status, R"({"session":"default"})").value("branch", "");
    };
    const std::string first = ask();
    CHECK(ask() == first);
    // What comes next is of another tick of the file system's clock.
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    return first;
  };
  CHECK(branch() == "");
  fixture.files.run({"mkdir", ".git"});
  CHECK(branch() == "");
  fixture.files.write(".git/HEAD", "ref: refs/heads/one\n");
  CHECK(branch() == "one");
  fixture.files.write(".git/HEAD.lock", "ref: refs/heads/two\n");
  fixture.files.run({"mv", ".git/HEAD.lock", ".git/HEAD"});
  CHECK(branch() == "two");
  fixture.files.write(".git/HEAD", "ref: refs/heads/six\n");  // in place, as long as before
  CHECK(branch() == "six");
  fixture.files.run({"mv", ".git", "away"});
  CHECK(branch() == "");
  fixture.files.run({"ln", "-s", "away", ".git"});
  CHECK(branch() == "six");
  fixture.files.run({"cp", "-r", "away", "other"});
  fixture.files.write("other/HEAD", "ref: refs/heads/ten\n");
  fixture.files.run({"ln", "-sfn", "other", ".git"});
  CHECK(branch() == "ten");
  fixture.files.run({"rm", ".git"});
  fixture.files.run({"mv", "away", ".git"});
  CHECK(branch() == "six");
  fixture.files.run({"mv", ".git/HEAD", "target"});
  fixture.files.run({"ln", "-s", "../target", ".git/HEAD"});  // out of .git: not followed
  CHECK(branch() == "");
  fixture.files.run({"mkdir", ".git/sub"});
  fixture.files.run({"ln", "-sfn", "sub/HEAD", ".git/HEAD"});
  CHECK(branch() == "");
  fixture.files.write(".git/sub/HEAD", "ref: refs/heads/low\n");  // no change of .git itself
  CHECK(branch() == "low");
  fixture.files.run({"rm", ".git/HEAD"});
  CHECK(branch() == "");
}

TEST_CASE("session_status shows the state, and how to get what does not fit") {
  SessionFixture fixture;
  const std::string handle = fixture.call(session_open, "{}")["session"];
  const std::string named = R"("session":")" + handle + "\"";
  CHECK_FALSE(fixture.call(session_status, "{" + named + "}", handle).contains("state"));
  const std::string big(100'000, 'b');
  fixture.call(session_update, "{" + named + R"(,"set":{"small":"s","big":")" + big + "\"}}",
               handle);
  const auto status = fixture.call(session_status, "{" + named + "}", handle);
  CHECK(status["state"]["small"] == "s");
  CHECK(status["not_shown"][0]["key"] == "big");
  CHECK(status["not_shown"][0]["bytes"] == 100'000);
  CHECK(status["note"].get<std::string>().find("keys") != std::string::npos);
  CHECK(status["sessions"][0]["version"] == 1);
  std::string got;
  std::int64_t offset = 0;
  for (int i = 0; i < 20; ++i) {
    const auto part = fixture.call(
        session_status, "{" + named + R"(,"keys":["big"],"offset":)" + std::to_string(offset) + "}",
        handle);
    got += part["state"]["big"].get<std::string>();
    offset = part.value("next_offset", 0);
    if (offset == 0) break;
  }
  CHECK(got == big);
  const auto one = fixture.call(session_status, "{" + named + R"(,"keys":["no"]})", handle);
  CHECK(one["missing"][0] == "no");
  CHECK(fixture.call(session_status, R"({"keys":["a"]})").contains("error"));
}

TEST_CASE("session_status lists the newest first, by label, by root, and page by page") {
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
  CHECK(fixture.call(session_status, R"({"root":"sub"})")["total"] == 0);
  CHECK(fixture.call(session_status, R"({"root":".."})").contains("error"));
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
