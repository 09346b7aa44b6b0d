#include "server/mcp/client_roots.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/mcp/fake_server.h"
#include "tests/mcp/fake_tools.h"

namespace quarry::test {
namespace {

using Json = nlohmann::json;

std::string initialize(std::string_view capabilities, std::string_view revision = "2025-11-25") {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{}",)"
      R"("capabilities":{},"clientInfo":{{"name":"test","version":"1"}}}}}})",
      revision, capabilities);
}

constexpr std::string_view kInitialized =
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
constexpr std::string_view kChanged =
    R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})";

// A client with roots: it has initialized, and its next message from the server is the question.
struct RootsClient : FakeServer {
  explicit RootsClient(const Options& options = {},
                       std::string_view capabilities = R"({"roots":{"listChanged":true}})",
                       std::string_view revision = "2025-11-25")
      : FakeServer(fake_tools(), options) {
    workspace().make_directory("a");
    workspace().make_directory("b/c");
    send(initialize(capabilities, revision));
    receive();
    send(kInitialized);
  }

  std::string question() {
    const Json asked = receive();
    CHECK(asked["method"] == "roots/list");
    CHECK(asked["jsonrpc"] == "2.0");
    CHECK_FALSE(asked.contains("params"));
    return asked["id"];
  }
  // `below`: directories of the workspace, or "" for itself.
  void answer(const std::string& id, const std::vector<std::string>& below) {
    Json roots = Json::array();
    for (const std::string& name : below) {
      roots.push_back({{"uri", "file://" + place(name)}, {"name", "a root"}});
    }
    send(Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", {{"roots", roots}}}}.dump());
  }
  std::string place(const std::string& name) const {
    return name.empty() ? workspace().root() : workspace().path(name);
  }
  std::string where(int id) {
    send_call(id, "where");
    return told(id);
  }
  std::string told(int id) {
    const Json answer = receive();
    CHECK(answer["id"] == id);
    return answer["result"]["content"][0]["text"];
  }
  void ping(int id) { send(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"ping"}})", id)); }
};

TEST_CASE("client roots are asked for after initialized and narrow the default session (P97)") {
  RootsClient client;
  client.answer(client.question(), {"a"});
  CHECK(client.where(1) == client.place("a"));
}

TEST_CASE("client roots are asked for with every handshake revision") {
  for (const char* revision : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    FakeServer client(fake_tools(), {});
    client.send(initialize(R"({"roots":{}})", revision));
    CHECK(client.receive()["result"]["protocolVersion"] == revision);
    client.send(kInitialized);
    CHECK(client.receive()["method"] == "roots/list");
  }
}

TEST_CASE("a client that declared no roots is never asked") {
  for (const char* capabilities : {"{}", R"({"roots":null})", R"({"sampling":{}})"}) {
    RootsClient client({}, capabilities);
    client.send(kChanged);
    CHECK(client.where(1) == client.place(""));
    CHECK(client.silent());
  }
}

TEST_CASE("nothing is asked before the client is ready, nor in 2026-07-28") {
  FakeServer client(fake_tools(), {});
  client.send(kInitialized);
  client.send(kChanged);
  client.send(initialize(R"({"roots":{}})"));
  CHECK(client.receive()["id"] == 0);
  client.send(kChanged);
  client.send(R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{)"
              R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
              R"("io.modelcontextprotocol/clientCapabilities":{"roots":{}}}}})");
  CHECK(client.receive()["id"] == 1);
  CHECK(client.silent());
}

TEST_CASE("calls wait for the first answer, in order, while ping is answered") {
  for (const std::size_t workers : {0U, 2U}) {
    RootsClient client({.workers = workers});
    for (int id = 1; id <= 5; ++id) client.send_call(id, "where");
    client.ping(9);
    const std::string question = client.question();
    CHECK(client.receive()["id"] == 9);
    CHECK(client.silent());
    client.answer(question, {"a"});
    std::vector<int> ids;
    for (int i = 0; i < 5; ++i) {
      const Json answer = client.receive();
      ids.push_back(answer["id"]);
      CHECK(answer["result"]["content"][0]["text"] == client.place("a"));
    }
    if (workers == 0) CHECK(ids == std::vector<int>{1, 2, 3, 4, 5});
  }
}

TEST_CASE("a call beside the answer in a batch does not overtake those that wait for it") {
  RootsClient client({}, R"({"roots":{}})", "2025-03-26");
  const std::string question = client.question();
  client.send_call(1, "modify", R"({"text":"first","ms":0})");
  client.ping(9);
  CHECK(client.receive()["id"] == 9);
  take_log();
  client.send(R"([{"jsonrpc":"2.0","id":")" + question + R"(","result":{"roots":[]}},)" +
              R"({"jsonrpc":"2.0","id":2,"method":"tools/call",)" +
              R"("params":{"name":"modify","arguments":{"text":"second","ms":0}}}])");
  client.receive();
  client.receive();
  CHECK(take_log() == "first(first)second(second)");
}

TEST_CASE("calls with bad parameters are refused at once, and a held id is in use") {
  RootsClient client;
  const std::string question = client.question();
  client.send_call(1, "no_such_tool");
  CHECK(client.receive()["error"]["code"] == -32602);
  client.send_call(2, "where");
  client.send_call(2, "where");
  CHECK(client.receive()["error"]["code"] == -32600);
  client.answer(question, {"a"});
  CHECK(client.told(2) == client.place("a"));
}

TEST_CASE("a held call can be cancelled, and its id used again") {
  RootsClient client;
  const std::string question = client.question();
  client.send_call(1, "where");
  client.send_call(2, "where");
  client.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  client.answer(question, {"b"});
  CHECK(client.told(2) == client.place("b"));
  CHECK(client.silent());
  CHECK(client.where(1) == client.place("b"));
}

TEST_CASE("a client that never answers has its calls served all the same") {
  RootsClient client({.roots_patience_ms = 20});
  client.question();
  CHECK(client.where(1) == client.place(""));
  CHECK(client.where(2) == client.place(""));
}

TEST_CASE("an answer after the calls went on still narrows") {
  RootsClient client({.roots_patience_ms = 20});
  const std::string question = client.question();
  CHECK(client.where(1) == client.place(""));
  client.answer(question, {"a"});
  CHECK(client.where(2) == client.place("a"));
}

TEST_CASE("the end of input lets held calls go") {
  RootsClient client;
  client.question();
  client.send_call(1, "where");
  const std::vector<Json> rest = client.finish();
  REQUIRE(rest.size() == 1);
  CHECK(rest[0]["result"]["content"][0]["text"] == client.place(""));
}

TEST_CASE("errors and garbage leave the roots as they are and hold nothing up") {
  const char* answers[] = {
      R"("error":{"code":-32601,"message":"Method not found"})",
      R"("error":null)",
      R"("error":"no")",
      R"("result":{})",
      R"("result":[])",
      R"("result":{"roots":{}})",
      R"("result":{"roots":"file:///"})",
      R"("result":{"roots":[]})",
      R"("result":{"roots":[null,7,{},{"uri":null},{"uri":7},{"uri":""}]})",
      R"("result":{"roots":[{"uri":"http://x"},{"uri":"file://evil/x"},{"uri":"file:///a%2fb"},)"
      R"({"uri":"file:///%00"},{"uri":"relative"},{"uri":"file:///proc"}]})",
  };
  for (const char* answer : answers) {
    INFO(answer);
    RootsClient client;
    const std::string question = client.question();
    client.send_call(1, "where");
    client.send(fmt::format(R"({{"jsonrpc":"2.0","id":"{}",{}}})", question, answer));
    CHECK(client.told(1) == client.place(""));
  }
}

TEST_CASE("responses to another question, late and repeated ones are dropped") {
  RootsClient client;
  const std::string first = client.question();
  client.answer("quarry-roots-99", {"a"});
  client.answer("", {"a"});
  client.send(R"({"jsonrpc":"2.0","id":1,"result":{"roots":[]}})");
  client.send(R"({"jsonrpc":"2.0","id":null,"result":{"roots":[]}})");
  client.send(kChanged);
  const std::string second = client.question();
  CHECK(first != second);
  client.answer(first, {"a"});
  client.send_call(1, "where");
  client.ping(2);
  CHECK(client.receive()["id"] == 2);  // the call still waits: that answer did not count
  client.answer(second, {"b"});
  client.answer(second, {"a"});
  CHECK(client.told(1) == client.place("b"));
  CHECK(client.where(3) == client.place("b"));
}

TEST_CASE("a change of the roots is followed, and holds no call") {
  RootsClient client({}, R"({"roots":{"listChanged":false}})");
  client.answer(client.question(), {"a"});
  CHECK(client.where(1) == client.place("a"));
  client.send(kChanged);
  const std::string question = client.question();
  CHECK(client.where(2) == client.place("a"));
  client.answer(question, {"b/c"});
  CHECK(client.where(3) == client.place("b/c"));
  client.send(kChanged);
  client.answer(client.question(), {});
  CHECK(client.where(4) == client.place(""));
}

TEST_CASE("an error after a change keeps what was") {
  RootsClient client;
  client.answer(client.question(), {"a"});
  client.send(kChanged);
  client.send(
      fmt::format(R"({{"jsonrpc":"2.0","id":"{}","error":{{"code":-32603}}}})", client.question()));
  CHECK(client.where(1) == client.place("a"));
}

TEST_CASE("a new handshake forgets the roots of the one before") {
  RootsClient client;
  client.answer(client.question(), {"a"});
  CHECK(client.where(1) == client.place("a"));
  client.send(initialize("{}"));
  CHECK(client.receive()["id"] == 0);
  client.send(kInitialized);
  CHECK(client.where(2) == client.place(""));
}

TEST_CASE("calls of 2026-07-28 do not wait for the roots of the handshake's client") {
  RootsClient client;
  client.question();
  client.send_call(1, "where", "{}",
                   R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                   R"("io.modelcontextprotocol/clientCapabilities":{}})");
  client.ping(2);
  CHECK(client.receive()["id"] == 1);
  CHECK(client.receive()["id"] == 2);
}

TEST_CASE("a flood of changes is answered by as many questions, and the last one counts") {
  RootsClient client;
  std::string question = client.question();
  for (int i = 0; i < 200; ++i) {
    client.send(kChanged);
    question = client.question();
  }
  client.answer(question, {"a"});
  CHECK(client.where(1) == client.place("a"));
}

}  // namespace
}  // namespace quarry::test
