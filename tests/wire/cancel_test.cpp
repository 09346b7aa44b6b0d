// Cancelling what runs: silence for the cancelled, and everything else as if nothing had been.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

Json slow_search(const Json& id) {
  return call_of(id, "grep", {{"pattern", "(a+)+c"}, {"output_mode", "count"}});
}

TEST_CASE("P65 a cancelled call is never answered, in either era") {
  Client client({.files = big_tree(), .workers = 2});
  client.initialize();
  const std::string lines = slow_search("handshake").dump() + "\n" + cancel_of("handshake").dump() +
                            "\n" + modern(slow_search("modern")).dump() + "\n" +
                            cancel_of("modern").dump() + "\n" + request_of("after", "ping").dump() +
                            "\n";
  REQUIRE(client.process.write(lines));
  client.process.close_stdin();
  std::string rest;
  const std::vector<std::string> answers = client.process.read_to_end(rest);
  REQUIRE(answers.size() == 1);
  CHECK(Json::parse(answers[0])["id"] == "after");
}

TEST_CASE("P66 a cancelled call stops working: the next one has the workers for itself") {
  Client client({.files = big_tree(), .workers = 1});
  client.initialize();
  for (int i = 0; i < 50; ++i) {
    client.send(slow_search(i));
    client.send(cancel_of(i));
  }
  CHECK(text_of(client.request("last", "tools/call",
                               {{"name", "glob"}, {"arguments", {{"pattern", "d0/f0.txt"}}}}))
            .find("d0/f0.txt") != std::string::npos);
}

TEST_CASE("P64 the handshake cannot be cancelled") {
  Client client;
  const Json params = {{"protocolVersion", "2025-06-18"}, {"capabilities", Json::object()}};
  REQUIRE(client.process.write(request_of("i", "initialize", params).dump() + "\n" +
                               cancel_of("i").dump() + "\n"));
  CHECK(client.receive()["result"]["protocolVersion"] == "2025-06-18");
  CHECK(client.alive());
}

TEST_CASE("P62 progress only grows, carries its token, and ends with the answer") {
  Client client({.files = big_tree(), .workers = 2});
  client.initialize();
  for (const Json& token : {Json("token"), Json(7)}) {
    Json search = slow_search("p");
    search["params"]["_meta"]["progressToken"] = token;
    client.send(search);
    double last = -1;
    while (true) {
      const Json message = client.receive();
      REQUIRE_FALSE(message.is_null());
      if (message.value("id", Json()) == "p") break;
      CHECK(message["method"] == "notifications/progress");
      CHECK(message["params"]["progressToken"] == token);
      CHECK(message["params"]["progress"].get<double>() > last);
      last = message["params"]["progress"].get<double>();
    }
    // The next line is the answer to the next request: nothing came in between.
    client.send(request_of("next", "ping"));
    CHECK(client.receive()["id"] == "next");
  }
}

TEST_CASE("calls of a session that close it are a barrier for the calls behind them") {
  Client client({.files = {{"a.txt", "hello\n"}}, .workers = 2});
  client.initialize();
  const Json opened = client.request("open", "tools/call",
                                     {{"name", "session_open"}, {"arguments", Json::object()}});
  REQUIRE(opened["result"].contains("structuredContent"));
  const Json& facts = opened["result"]["structuredContent"];
  const std::string handle = facts.contains("handle") ? facts["handle"].get<std::string>()
                                                      : facts.at("session").get<std::string>();
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    lines += call_of(i, "read_file", {{"path", "a.txt"}, {"session", handle}}).dump() + "\n";
  }
  lines += call_of("close", "session_close", {{"session", handle}}).dump() + "\n";
  for (int i = 20; i < 40; ++i) {
    lines += call_of(i, "read_file", {{"path", "a.txt"}, {"session", handle}}).dump() + "\n";
  }
  REQUIRE(client.process.write_while_reading(lines));
  for (int i = 0; i < 41; ++i) {
    const Json answer = client.receive();
    REQUIRE(answer.contains("result"));
    if (answer["id"] == "close") continue;
    INFO(answer.dump());
    CHECK(answer["result"].value("isError", false) == (answer["id"].get<int>() >= 20));
  }
}

}  // namespace
}  // namespace quarry::wire
