// Which answers are kept, and for whom, as a client sees it. What a storm of changes does to them
// is in freshness_test.cpp.

#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

TEST_CASE("freshness: sessions on one root share answers, and another root's are its own") {
  Client client({.files = {{"one/a.txt", "needle one\n"}, {"two/a.txt", "needle two\n"}}});
  client.initialize();
  const auto open = [&](const char* root) {
    const Json answer = client.request(root, "tools/call",
                                       {{"name", "session_open"}, {"arguments", {{"root", root}}}});
    return answer.at("result").at("structuredContent").at("session").get<std::string>();
  };
  const std::string first = open("one"), again = open("one"), other = open("two");
  const auto grep = [&](const std::string& session) {
    return text_of(client.request(
        "grep", "tools/call",
        {{"name", "grep"}, {"arguments", {{"pattern", "needle"}, {"session", session}}}}));
  };
  const auto hits = [&] {
    const std::string text = text_of(
        client.request("status", "tools/call",
                       {{"name", "server_status"}, {"arguments", {{"detail", "metrics"}}}}));
    return Json::parse(text).at("kept_answers").at("hits").get<int>();
  };
  const std::string one = grep(first);
  for (int i = 0; i < 2'000 && hits() == 0; ++i) CHECK(grep(first) == one);
  const int before = hits();
  CHECK(before > 0);
  CHECK(grep(again) == one);
  CHECK(hits() == before + 1);
  for (int i = 0; i < 5; ++i) {
    const std::string two = grep(other);
    CHECK(two.find("needle two") != std::string::npos);
    CHECK(two.find("needle one") == std::string::npos);
  }
}

TEST_CASE(
    "freshness: a submodule's ignore rules are current though they lie in another directory") {
  for (const auto& [watched, config] : std::vector<std::pair<bool, std::string>>{
           {true, ""}, {false, ""}, {true, "[core]\n\texcludesFile = rules\n"}}) {
    INFO(watched << config);
    Client client({.files = {{"sub/a.txt", "needle\n"},
                             {"sub/b.txt", "needle\n"},
                             {"sub/rules", "nothing\n"},
                             {"sub/.git", "gitdir: ../.git/modules/libs/sub\n"},
                             {".git/HEAD", "ref: refs/heads/main\n"},
                             {".git/modules/libs/sub/config", config},
                             {".git/modules/libs/sub/HEAD", "ref: refs/heads/main\n"}},
                   .arguments = {watched ? "--workers=1" : "--no-watch"}});
    client.initialize();
    const auto glob = [&] {
      return text_of(client.request("glob", "tools/call",
                                    {{"name", "glob"}, {"arguments", {{"pattern", "sub/*.txt"}}}}));
    };
    for (int i = 0; i < 200; ++i) {
      REQUIRE(glob().find("sub/b.txt") != std::string::npos);
      if (i % 20 == 0) std::this_thread::sleep_for(Millis{10});
    }
    for (int i = 0; i < 10; ++i) {
      client.workspace.write(".git/modules/libs/sub/info/exclude", "b.txt\n");
      CHECK(glob().find("sub/b.txt") == std::string::npos);
      client.workspace.write(".git/modules/libs/sub/info/exclude", "");
      CHECK(glob().find("sub/b.txt") != std::string::npos);
    }
  }
}

TEST_CASE("freshness: without a cache nothing is kept or watched") {
  Client client({.files = {{"a.txt", "needle\n"}}, .arguments = {"--no-cache"}});
  client.initialize();
  for (int i = 0; i < 5; ++i) {
    (void)client.request(i, "tools/call", {{"name", "glob"}, {"arguments", {{"pattern", "*"}}}});
  }
  const Json metrics = Json::parse(text_of(client.request(
      9, "tools/call", {{"name", "server_status"}, {"arguments", {{"detail", "metrics"}}}})));
  CHECK(metrics.at("kept_answers").at("hits") == 0);
  CHECK(metrics.at("kept_answers").at("watched_directories") == 0);
}

}  // namespace
}  // namespace quarry::wire
