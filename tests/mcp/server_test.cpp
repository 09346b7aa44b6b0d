#include "server/mcp/server.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/mcp/fake_server.h"
#include "tests/mcp/fake_tools.h"

namespace quarry::test {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})";

// A server past its handshake.
struct Session : FakeServer {
  explicit Session(const Options& options = {}) : FakeServer(fake_tools(), options) {
    send(kInitialize);
    receive();
  }
  void cancel(int id) {
    send(fmt::format(
        R"({{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{}}}}})",
        id));
  }
};

template <class Ready>
bool within_seconds(int seconds, Ready ready) {
  for (int i = 0; i < seconds * 1000; ++i) {
    if (ready()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

TEST_CASE("server P66 cancellation reaches the running tool and nothing follows it (P65)") {
  Session server;
  const int before = lingering();
  const int stopped = lingered();
  server.send_call(7, "linger");
  REQUIRE(within_seconds(5, [&] { return lingering() == before + 1; }));
  server.cancel(7);
  CHECK(within_seconds(5, [&] { return lingered() == stopped + 1; }));
  server.send(R"({"jsonrpc":"2.0","id":8,"method":"ping"})");
  CHECK(server.receive() == Json::parse(R"({"jsonrpc":"2.0","id":8,"result":{}})"));
  CHECK(server.silent());
}

TEST_CASE("a tool is told that its answer was sent, and not of one that never was") {
  Session server;
  (void)take_log();
  open_gate(false);
  int before = lingering();
  server.send_call(1, "gate", R"({"text":"first"})");
  REQUIRE(within_seconds(5, [&] { return lingering() == before + 1; }));
  server.cancel(1);
  server.send(R"({"jsonrpc":"2.0","id":2,"method":"ping"})");  // the cancel was read before it
  server.receive();
  open_gate(true);
  server.send_call(3, "gate", R"({"text":"second"})");
  server.receive();
  std::string log;
  CHECK(within_seconds(5, [&] { return !(log += take_log()).empty(); }));
  CHECK(log == "second");
  open_gate(false);
}

TEST_CASE("server P64 bogus, late and repeated cancellations are harmless") {
  Session server;
  server.send_call(1, "echo", R"({"text":"one"})");
  CHECK(text_of(server.receive()) == "one");
  server.cancel(1);
  server.cancel(99);
  server.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})");
  server.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[1]}})");
  server.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}})");
  server.send_call(1, "echo", R"({"text":"again"})");
  CHECK(text_of(server.receive()) == "again");
  CHECK(server.silent());
}

TEST_CASE("server refuses tools on a root that was replaced, and no others (FS-27)") {
  Session server;
  const std::string root = server.workspace().root();
  const std::string aside = root + "-aside";
  const auto ask = [&](int id, std::string_view tool) {
    server.send_call(id, tool, R"({"text":"x"})");
    return server.receive()["result"];
  };
  std::filesystem::rename(root, aside);
  for (const bool another_in_its_place : {false, true}) {
    if (another_in_its_place) std::filesystem::create_directory(root);
    const Json refused = ask(1, "where");
    CHECK(refused["isError"] == true);
    CHECK(refused["content"][0]["text"].get<std::string>().find("root changed") !=
          std::string::npos);
    CHECK(ask(2, "echo")["content"][0]["text"] == "x");
  }
  std::filesystem::remove(root);
  std::filesystem::create_directory_symlink(aside, root);
  CHECK(ask(3, "where")["isError"] == true);
  std::filesystem::remove(root);
  std::filesystem::rename(aside, root);
  CHECK(ask(4, "where")["content"][0]["text"] == root);
}

TEST_CASE("server ends a call at its tool's deadline with a tool error") {
  Session server;
  server.send_call(1, "linger");
  const Json answer = server.receive();
  CHECK(answer["result"]["isError"] == true);
  CHECK(text_of(answer).find("time is up") != std::string::npos);
}

TEST_CASE("server lets a writing call wait for earlier calls and later ones wait for it") {
  Session server({.workers = 4});
  take_log();
  server.send_call(1, "look", R"({"text":"a","ms":60})");
  server.send_call(2, "look", R"({"text":"b","ms":60})");
  server.send_call(3, "modify", R"({"text":"W","ms":30})");
  server.send_call(4, "look", R"({"text":"c","ms":20})");
  server.send_call(5, "modify", R"({"text":"X","ms":1})");
  std::set<int> answered;
  for (int i = 0; i < 5; ++i) answered.insert(server.receive()["id"].get<int>());
  CHECK(answered == std::set<int>{1, 2, 3, 4, 5});
  const std::string log = take_log();
  INFO(log);
  CHECK(log.substr(8) == "W(W)c(c)X(X)");
  CHECK(log.substr(0, 8).find("W") == std::string::npos);
}

TEST_CASE("server answers ping while every worker is busy") {
  Session server({.workers = 2});
  for (int i = 1; i <= 8; ++i) server.send_call(i, "look", R"({"text":"-","ms":200})");
  server.send(R"({"jsonrpc":"2.0","id":"p","method":"ping"})");
  CHECK(server.receive()["id"] == "p");
  for (int i = 1; i <= 8; ++i) CHECK_FALSE(server.receive().contains("error"));
  take_log();
}

TEST_CASE("server answers busy when a lane is full, and the rest all the same") {
  Session server({.workers = 2, .heavy_limit = 4});
  for (int i = 1; i <= 20; ++i) server.send_call(i, "look", R"({"text":"-","ms":50})");
  int busy = 0;
  std::set<int> answered;
  for (int i = 1; i <= 20; ++i) {
    const Json answer = server.receive();
    answered.insert(answer["id"].get<int>());
    if (answer["result"].contains("isError")) {
      ++busy;
      CHECK(text_of(answer).find("busy") != std::string::npos);
    }
  }
  CHECK(answered.size() == 20);
  CHECK(busy >= 10);
  CHECK(busy <= 16);
  take_log();
}

TEST_CASE("server P62 progress increases strictly and ends with the answer") {
  Session server;
  server.send_call(1, "steps", R"({"count":3})", R"({"progressToken":"tok"})");
  std::vector<Json> lines;
  do {
    lines.push_back(server.receive());
  } while (!lines.back().contains("id"));
  REQUIRE(lines.size() == 4);
  double last = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& params = lines[i]["params"];
    CHECK(lines[i]["method"] == "notifications/progress");
    CHECK(params["progressToken"] == "tok");
    CHECK(params["progress"].get<double>() > last);
    CHECK(params["total"] == 3);
    last = params["progress"].get<double>();
  }
  CHECK(text_of(lines[3]) == "done");
  CHECK(server.silent());
}

TEST_CASE("server sends no progress without a token or for a token of another type") {
  Session server;
  server.send_call(1, "steps", R"({"count":2})");
  CHECK(text_of(server.receive()) == "done");
  server.send_call(2, "steps", R"({"count":2})", R"({"progressToken":[1]})");
  CHECK(text_of(server.receive()) == "done");
}

TEST_CASE("server answers what a tool throws as a tool error") {
  Session server;
  server.send_call(1, "throws");
  const Json answer = server.receive();
  CHECK(answer["result"]["isError"] == true);
  CHECK(text_of(answer).find("gave up") == std::string::npos);
}

TEST_CASE("server refuses an id that is in use by a running request") {
  Session server;
  server.send_call(5, "look", R"({"text":"-","ms":100})");
  server.send_call(5, "echo", R"({"text":"twin"})");
  CHECK(server.receive()["error"]["code"] == -32600);
  CHECK(server.receive()["id"] == 5);
  server.send_call(5, "echo", R"({"text":"later"})");
  CHECK(text_of(server.receive()) == "later");
  take_log();
}

TEST_CASE("server P10 answers thousands of pipelined requests once each, then leaves") {
  for (const std::size_t workers : {std::size_t{0}, std::size_t{3}}) {
    Session server({.workers = workers});
    constexpr int kCalls = 5000;
    std::thread writer([&] {
      for (int i = 1; i <= kCalls; ++i) {
        server.send_call(i, "echo", fmt::format(R"({{"text":"t{}"}})", i));
      }
    });
    std::set<int> answered;
    for (int i = 1; i <= kCalls; ++i) {
      const Json answer = server.receive();
      const int id = answer["id"].get<int>();
      if (text_of(answer) != "t" + std::to_string(id)) FAIL("a mixed-up answer");
      answered.insert(id);
    }
    writer.join();
    CHECK(answered.size() == kCalls);
    CHECK(server.finish().empty());
  }
}

TEST_CASE("server P3 answers what is queued at the end of input") {
  Session server;
  for (int i = 1; i <= 10; ++i) server.send_call(i, "look", R"({"text":"-","ms":10})");
  CHECK(server.finish().size() == 10);
  take_log();
}

TEST_CASE("server gives up calls that outlast the end of input") {
  Session server({.drain_ms = 50});
  server.send_call(1, "look", R"({"text":"-","ms":10})");
  server.send_call(2, "linger");
  CHECK(server.finish().size() == 1);
  take_log();
}

TEST_CASE("server P5 answers a batch of 2025-03-26 as one array") {
  FakeServer server(fake_tools(), {});
  std::string hello(kInitialize);
  hello.replace(hello.find("2025-11-25"), 10, "2025-03-26");
  server.send(hello);
  server.receive();
  server.send(
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},)"
      R"({"jsonrpc":"2.0","method":"notifications/initialized"},)"
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}},)"
      R"(7,{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"look","arguments":{"text":"-","ms":20}}}])");
  const Json answer = server.receive();
  REQUIRE(answer.is_array());
  CHECK(answer.size() == 4);
  std::map<std::string, Json> by_id;
  for (const Json& one : answer) by_id[one.value("id", Json()).dump()] = one;
  CHECK(by_id["1"]["result"] == Json::object());
  CHECK(text_of(by_id["2"]) == "x");
  CHECK(text_of(by_id["3"]) == "-");
  CHECK(by_id["null"]["error"]["code"] == -32600);
  server.send(R"([{"jsonrpc":"2.0","method":"notifications/initialized"}])");
  CHECK(server.silent());
  server.send("[]");
  CHECK(server.receive()["error"]["code"] == -32600);
  take_log();
}

// Both eras, control methods, tools, errors and progress: what a whole conversation writes.
std::vector<Json> whole_conversation() {
  FakeServer server(fake_tools(), {});
  constexpr std::string_view kModern =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{},"progressToken":1})";
  server.send(kInitialize);
  server.send(R"({"jsonrpc":"2.0","id":"l","method":"tools/list"})");
  server.send(R"({"jsonrpc":"2.0","id":"u","method":"no/such"})");
  server.send_call(1, "steps", R"({"count":1})", R"({"progressToken":"t"})");
  server.send_call(2, "throws");
  int id = 10;
  for (const tools::Entry& entry : fake_tools()) {
    if (entry.tool->traits.name == "gate") continue;  // waits for a test that opens it
    server.send(
        fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"{}",)"
                    R"("arguments":{{}},{}}}}})",
                    id++, entry.tool->traits.name, kModern));
  }
  server.send(fmt::format(
      R"({{"jsonrpc":"2.0","id":"d","method":"server/discover","params":{{{}}}}})", kModern));
  return server.finish();
}

TEST_CASE("server P4 writes responses and notifications, never a request") {
  const auto lines = whole_conversation();
  CHECK(lines.size() >= 12);
  for (const Json& line : lines) {
    INFO(line.dump());
    const bool notification = line.contains("method");
    CHECK(notification != line.contains("id"));
    CHECK(notification != (line.contains("result") || line.contains("error")));
  }
  take_log();
}

TEST_CASE("server P20 P30 needs no capability of the client and mints no reserved key") {
  for (const Json& line : whole_conversation()) {
    INFO(line.dump());
    if (line.contains("error")) CHECK(line["error"]["code"] != -32021);
    if (!line.contains("result") || !line["result"].contains("_meta")) continue;
    for (const auto& [key, value] : line["result"]["_meta"].items()) {
      CHECK(key == "io.modelcontextprotocol/serverInfo");
    }
  }
  take_log();
}

}  // namespace
}  // namespace quarry::test
