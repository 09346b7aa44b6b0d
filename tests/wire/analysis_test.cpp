// Analyses at once: a hundred on one repository are one computation, a hundred sessions on
// repositories of their own get each their own answer.

#include <set>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

constexpr int kCalls = 100;

struct Counts {
  int hits, misses, joined;
};

Counts counts(Client& client) {
  const Json kept = Json::parse(text_of(client.request("status", "tools/call",
                                                       {{"name", "server_status"},
                                                        {"arguments", {{"detail", "metrics"}}}})))
                        .at("kept_answers");
  return {kept.at("hits"), kept.at("misses"), kept.at("joined")};
}

std::map<std::string, std::string> project() {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 400; ++i) {
    files["src/d" + std::to_string(i % 20) + "/f" + std::to_string(i) + ".h"] =
        std::string(4000, '\n') + "class A {};\n";
  }
  return files;
}

TEST_CASE("a hundred analyses of one repository at once are one computation") {
  Client client({.files = project(), .arguments = {"--workers", "2"}});
  client.initialize();
  // Answers are kept from when the tree is watched.
  const Json warm_up = {{"name", "glob"}, {"arguments", {{"pattern", "*.none"}}}};
  for (int i = 0; i < 2'000 && counts(client).hits == 0; ++i) {
    (void)client.request("warm", "tools/call", warm_up);
  }
  const Counts before = counts(client);
  REQUIRE(before.hits > 0);
  std::string lines;
  for (int i = 0; i < kCalls; ++i) lines += call_of(i, "analyze_repository").dump() + "\n";
  REQUIRE(client.process.write_while_reading(lines));
  std::set<int> ids;
  std::set<std::string> answers;
  for (int i = 0; i < kCalls; ++i) {
    const Json answer = client.receive();
    ids.insert(answer.at("id").get<int>());
    answers.insert(answer.at("result").dump());
  }
  CHECK(ids.size() == kCalls);
  CHECK(answers.size() == 1);
  CHECK(answers.begin()->find("mainly C++ (100.0 %") != std::string::npos);
  const Counts after = counts(client);
  CHECK(after.misses - before.misses == 1);
  CHECK(after.hits - before.hits + after.joined - before.joined == kCalls - 1);
}

TEST_CASE("a hundred sessions analyse each their own repository at once") {
  std::map<std::string, std::string> files;
  for (int i = 0; i < kCalls; ++i) {
    const std::string root = "r" + std::to_string(i) + "/";
    files[root + "a.c"] = std::string(static_cast<std::size_t>(1000 + i), '\n');
    files[root + "b.py"] = "print()\n";
  }
  Client client({.files = files});
  client.initialize();
  std::string lines;
  for (int i = 0; i < kCalls; ++i) {
    const Json opened = client.request(
        "open", "tools/call",
        {{"name", "session_open"}, {"arguments", {{"root", "r" + std::to_string(i)}}}});
    const std::string session =
        opened.at("result").at("structuredContent").at("session").get<std::string>();
    lines += call_of(i, "analyze_repository", {{"session", session}}).dump() + "\n";
  }
  REQUIRE(client.process.write_while_reading(lines));
  for (int i = 0; i < kCalls; ++i) {
    const Json answer = client.receive();
    const Json tree = answer.at("result").at("structuredContent");
    CHECK(tree.at("main_language") == "C");
    CHECK(tree.at("languages").at(0).at("bytes") == 1000 + answer.at("id").get<int>());
    CHECK(tree.at("files") == 2);
  }
}

}  // namespace
}  // namespace quarry::wire
