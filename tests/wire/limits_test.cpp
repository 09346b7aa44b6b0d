// Limits of the wire and of sessions, each at it and one over, as a client meets them.

#include <ctime>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

// A ping of that many bytes.
std::string ping_of(std::size_t bytes) {
  const std::string head = R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"pad":")";
  const std::string tail = R"("}})";
  return head + std::string(bytes - head.size() - tail.size(), 'x') + tail;
}

// Two levels are the message and its params.
std::string ping_with(const std::string& value) {
  return R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"pad":)" + value + "}}";
}

std::string numbers(std::size_t count) {
  std::string list = "[1";
  for (std::size_t i = 1; i < count; ++i) list += ",1";
  return list + "]";
}

TEST_CASE("limits of a message hold at them and refuse one more") {
  struct Row {
    const char* name;
    const char* limit;  // empty: the fixed one
    std::function<std::string(std::size_t more)> line;
  };
  // The message, its members, their names' values: 3 beside the params' pad, which is one itself.
  constexpr std::size_t kAround = 6;
  const Row rows[] = {
      {"line_bytes", "line_bytes=1000", [](std::size_t more) { return ping_of(1000 + more); }},
      {"json_depth", "",
       [](std::size_t more) { return ping_with(nested(62 + static_cast<int>(more))); }},
      {"json_values", "",
       [](std::size_t more) { return ping_with(numbers(100'000 - kAround + more)); }},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    std::vector<std::string> arguments;
    if (*row.limit != '\0') arguments = {"--limit", row.limit};
    Client client({.arguments = arguments});
    for (const std::size_t more : {0, 1}) {
      INFO("+ " << more);
      REQUIRE(client.process.write_while_reading(row.line(more) + "\n"));
      const Json answer = client.receive();
      CHECK(answer.contains("result") == (more == 0));
    }
  }
}

TEST_CASE("P5 an array of 1,000 messages is answered, one of 1,001 is refused (2025-03-26)") {
  Client client;
  client.request(0, "initialize",
                 {{"protocolVersion", "2025-03-26"},
                  {"capabilities", Json::object()},
                  {"clientInfo", {{"name", "wire_test"}, {"version", "1"}}}});
  for (const int count : {1000, 1001}) {
    Json batch = Json::array();
    for (int i = 1; i <= count; ++i) batch.push_back(request_of(i, "ping"));
    client.send(batch);
    const Json answer = client.receive();
    CHECK(answer.is_array() == (count == 1000));
    if (answer.is_array()) CHECK(answer.size() == 1000);
    if (answer.is_object()) CHECK(answer["error"]["code"] == -32600);
  }
}

TEST_CASE("limits of an answer's tokens hold for what is asked and for what is not") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i) + "\n";
  Client client({.files = {{"a.txt", text}},
                 .arguments = {"--limit", "answer_tokens=300", "--limit", "max_tokens=500"}});
  client.initialize();
  const auto read = [&](const Json& more) {
    Json arguments = {{"path", "a.txt"}};
    arguments.update(more);
    return client.request(1, "tools/call", {{"name", "read_file"}, {"arguments", arguments}});
  };
  const std::size_t usual = text_of(read(Json::object())).size();
  constexpr std::size_t kHowToGoOn = 80;  // the line that says it
  CHECK(usual > 600);
  CHECK(usual <= 1200 + kHowToGoOn);
  const std::size_t most = text_of(read({{"max_tokens", 500}})).size();
  CHECK(most > usual);
  CHECK(most <= 2000 + kHowToGoOn);
  const Json over = read({{"max_tokens", 501}});
  CHECK(over["result"]["isError"] == true);
  CHECK(text_of(over).find("from 1 to 500") != std::string::npos);
}

TEST_CASE("limits of a session's life hold for what is asked and for what is not") {
  Client client({.arguments = {"--limit", "session_ttl_s=1234"}});
  client.initialize();
  const auto open = [&](const Json& arguments) {
    return client.request(1, "tools/call", {{"name", "session_open"}, {"arguments", arguments}});
  };
  const auto lives = [&](const Json& opened) {
    const Json handle = opened["result"]["structuredContent"]["session"];
    const Json status = client.request(
        2, "tools/call", {{"name", "session_status"}, {"arguments", {{"session", handle}}}});
    const Json session = status["result"]["structuredContent"]["sessions"][0];
    const auto seconds = [&](const char* member) {
      const auto time = session[member].get<std::string>();
      std::tm parts{};
      REQUIRE(strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) != nullptr);
      return timegm(&parts);
    };
    return seconds("expires") - seconds("used");
  };
  CHECK(lives(open(Json::object())) == 1234);
  CHECK(lives(open({{"ttl_s", 31'536'000}})) == 31'536'000);
  const Json over = open({{"ttl_s", 31'536'001}});
  CHECK(over["result"]["isError"] == true);
  CHECK(text_of(over).find("31536000") != std::string::npos);
}

TEST_CASE("limits of the ledgers bound what a session is held to know, in bytes and in time") {
  struct Row {
    std::vector<std::string> arguments;
    Millis pause;
    bool known;
  };
  const Row rows[] = {
      {{}, Millis(0), true},
      {{"--limit", "ledger_bytes=1"}, Millis(0), false},
      {{"--limit", "ledgers_bytes=1"}, Millis(0), false},
      {{"--limit", "ledger_age_s=1"}, Millis(1300), false},
      {{"--limit", "ledger_age_s=3600"}, Millis(1300), true},
  };
  for (const Row& row : rows) {
    INFO((row.arguments.empty() ? "" : row.arguments.back()));
    Client client({.files = {{"a.txt", "the text\n"}}, .arguments = row.arguments});
    client.initialize();
    const Json opened = client.request(
        1, "tools/call", {{"name", "session_open"}, {"arguments", {{"ledger", true}}}});
    const Json read = {
        {"name", "read_file"},
        {"arguments",
         {{"path", "a.txt"}, {"session", opened["result"]["structuredContent"]["session"]}}}};
    CHECK(text_of(client.request(2, "tools/call", read)).find("the text") != std::string::npos);
    std::this_thread::sleep_for(row.pause);
    const std::string again = text_of(client.request(3, "tools/call", read));
    CHECK((again.find("the text") == std::string::npos) == row.known);
  }
}

}  // namespace
}  // namespace quarry::wire
