#include "server/mcp/kept_answers.h"

#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "server/sandbox/workspace.h"
#include "tests/mcp/fake_server.h"

namespace quarry::test {
namespace {

using Json = nlohmann::json;
using tools::Depends;
using tools::Lane;
using tools::ToolContext;
using tools::ToolOutput;
using namespace std::chrono_literals;

std::atomic<int> runs{0};      // of the tool `ask`
std::atomic<bool> gate{true};  // it waits while this is closed

struct Ask {
  std::string_view text = "";
  std::int64_t number = 0;
  bool keep = true;
  bool fails = false;
};
constexpr auto kAsk = json::fields(
    json::field<&Ask::text>("text").optional(), json::field<&Ask::number>("number").optional(),
    json::field<&Ask::keep>("keep").optional(), json::field<&Ask::fails>("fails").optional());

Result<void> ask(const Ask& args, ToolContext& context, ToolOutput& output) {
  const int run = runs.fetch_add(1) + 1;
  while (!gate.load()) {
    TRY(context.cancel.check());
    std::this_thread::sleep_for(1ms);
  }
  if (args.fails) return fail(Code::kNotFound, "there is none");
  output.text = fmt::format("run {} {}", run, args.text);
  output.keep = args.keep;
  return {};
}

// Writes a file, after a while, alone in its session.
struct Write {
  std::string_view path;
};
constexpr auto kWrite = json::fields(json::field<&Write::path>("path"));

Result<void> write(const Write& args, ToolContext& context, ToolOutput& output) {
  std::this_thread::sleep_for(30ms);
  std::ofstream(context.files.root() + "/" + std::string(args.path)) << runs.load();
  output.text = fmt::format("after run {}", runs.load());
  return {};
}

constexpr tools::Tool kAskTool = tools::make_tool<Ask, kAsk, ask>(
    {.name = "ask", .lane = Lane::kHeavy, .deadline = 20s, .depends = Depends::kTree});
constexpr tools::Tool kBriefTool = tools::make_tool<Ask, kAsk, ask>({.name = "brief",
                                                                     .lane = Lane::kHeavy,
                                                                     .deadline = 300ms,
                                                                     .depends = Depends::kTree,
                                                                     .usual_tokens = 3000});
constexpr tools::Tool kQuickTool = tools::make_tool<Ask, kAsk, ask>(
    {.name = "quick", .lane = Lane::kQuick, .deadline = 20s, .depends = Depends::kTree});
constexpr tools::Tool kWriteTool = tools::make_tool<Write, kWrite, write>(
    {.name = "write", .lane = Lane::kHeavy, .order = tools::Order::kAlone});
constexpr tools::Entry kEntries[] = {{&kAskTool, R"({"name":"ask"})"},
                                     {&kBriefTool, R"({"name":"brief"})"},
                                     {&kQuickTool, R"({"name":"quick"})"},
                                     {&kWriteTool, R"({"name":"write"})"}};

template <class Ready>
bool soon(Ready ready) {
  for (int i = 0; i < 10'000; ++i) {
    if (ready()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

// A server that watches its root already.
struct WatchingSession : FakeServer {
  explicit WatchingSession(std::size_t workers = 4)
      : FakeServer(kEntries, {.workers = workers, .drain_ms = 5000}) {
    gate.store(true);
    send(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":)"
         R"("2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}})");
    receive();
    REQUIRE(soon([&] {
      const int before = runs.load();
      (void)call("ask");
      (void)call("ask");
      return runs.load() - before < 2;
    }));
  }
  std::string call(std::string_view tool, std::string_view arguments = "{}") {
    send_call(1000, tool, arguments);
    return text_of(receive());
  }
  // Everything sent before was looked at by the reader.
  void settle() {
    send(R"({"jsonrpc":"2.0","id":"settle","method":"ping"})");
    CHECK(receive()["id"] == "settle");
  }
  void cancel(int id) {
    send(fmt::format(
        R"({{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{}}}}})",
        id));
  }
  // Closes the gate and lets one call run into it.
  int lead(int id, std::string_view tool, std::string_view arguments) {
    gate.store(false);
    const int before = runs.load();
    send_call(id, tool, arguments);
    REQUIRE(soon([&] { return runs.load() == before + 1; }));
    return before + 1;
  }
};

TEST_CASE("kept answers: a repeated call runs again only after a change") {
  for (const std::size_t workers : {0U, 4U}) {
    for (const std::string_view tool : {"ask", "quick"}) {
      WatchingSession server(workers);
      const std::string first = server.call(tool, R"({"text":"x"})");
      CHECK(server.call(tool, R"({"text":"x"})") == first);
      std::ofstream(server.workspace().path("new.txt")) << "x";
      const std::string second = server.call(tool, R"({"text":"x"})");
      CHECK(second != first);
      CHECK(server.call(tool, R"({"text":"x"})") == second);
    }
  }
}

TEST_CASE("kept answers: other arguments and another budget are other questions") {
  WatchingSession server;
  const std::string first = server.call("ask", R"({"text":"x"})");
  CHECK(server.call("ask", R"({"text":"y"})") != first);
  CHECK(server.call("ask", R"({"text":"x","number":1})") != first);
  CHECK(server.call("ask", R"({"text":"x","max_tokens":100})") != first);
  CHECK(server.call("brief", R"({"text":"x"})") != first);
  // The session's handle and a budget that is the default are no difference.
  CHECK(server.call("ask", R"({"text":"x","session":"default"})") == first);
  CHECK(server.call("ask", R"({"text":"x","max_tokens":8000})") == first);
  const std::string brief = server.call("brief", R"({"text":"x"})");
  CHECK(server.call("brief", R"({"text":"x","max_tokens":3000})") == brief);
  CHECK(server.call("brief", R"({"text":"x","max_tokens":8000})") != brief);
  CHECK(server.call("ask", R"({"session":"none","text":"x"})").find("no session") !=
        std::string::npos);
}

TEST_CASE("kept answers: what a tool does not vouch for, and errors, are not kept") {
  WatchingSession server;
  const std::string loose = R"({"keep":false})";
  CHECK(server.call("ask", loose) != server.call("ask", loose));
  const int before = runs.load();
  CHECK(server.call("ask", R"({"fails":true})") == "there is none");
  CHECK(server.call("ask", R"({"fails":true})") == "there is none");
  CHECK(runs.load() == before + 2);
}

TEST_CASE("kept answers: a hundred equal calls at once run once") {
  WatchingSession server;
  const int run = server.lead(1, "ask", R"({"text":"same"})");
  for (int id = 2; id <= 100; ++id) server.send_call(id, "ask", R"({"text":"same"})");
  server.settle();
  CHECK(server.silent());
  gate.store(true);
  std::map<int, std::string> answers;
  for (int i = 0; i < 100; ++i) {
    const Json answer = server.receive();
    CHECK(answers.emplace(answer["id"].get<int>(), text_of(answer)).second);
  }
  for (const auto& [id, text] : answers) CHECK(text == fmt::format("run {} same", run));
  CHECK(runs.load() == run);
  CHECK(server.silent());
}

TEST_CASE("kept answers: a call sent after a change does not wait for an older one") {
  WatchingSession server;
  const int run = server.lead(1, "ask", R"({"text":"x"})");
  std::ofstream(server.workspace().path("new.txt")) << "x";
  server.send_call(2, "ask", R"({"text":"x"})");
  CHECK(soon([&] { return runs.load() == run + 1; }));
  gate.store(true);
  std::map<int, std::string> answers;
  for (int i = 0; i < 2; ++i) {
    const Json answer = server.receive();
    answers[answer["id"].get<int>()] = text_of(answer);
  }
  CHECK(answers[1] == fmt::format("run {} x", run));
  CHECK(answers[2] == fmt::format("run {} x", run + 1));
  // What was begun before the change is not kept.
  CHECK(server.call("ask", R"({"text":"x"})") == answers[2]);
}

TEST_CASE("kept answers: when the running call is cancelled the waiting ones run") {
  WatchingSession server;
  const int run = server.lead(1, "ask", R"({"text":"l"})");
  server.send_call(2, "ask", R"({"text":"l"})");
  server.send_call(3, "ask", R"({"text":"l"})");
  server.settle();
  server.cancel(1);
  CHECK(soon([&] { return runs.load() == run + 2; }));
  gate.store(true);
  std::map<int, std::string> answers;
  for (int i = 0; i < 2; ++i) {
    const Json answer = server.receive();
    answers[answer["id"].get<int>()] = text_of(answer);
  }
  CHECK(answers.contains(2));
  CHECK(answers.contains(3));
  CHECK(server.silent());
}

TEST_CASE("kept answers: a waiting call can be cancelled, and nothing follows it") {
  WatchingSession server;
  const int run = server.lead(1, "ask", R"({"text":"c"})");
  server.send_call(2, "ask", R"({"text":"c"})");
  server.send_call(3, "ask", R"({"text":"c"})");
  server.settle();
  server.cancel(2);
  server.settle();
  gate.store(true);
  std::map<int, std::string> answers;
  for (int i = 0; i < 2; ++i) {
    const Json answer = server.receive();
    answers[answer["id"].get<int>()] = text_of(answer);
  }
  CHECK(answers[1] == fmt::format("run {} c", run));
  CHECK(answers[3] == answers[1]);
  CHECK(server.silent());
  server.send_call(2, "ask", R"({"text":"c"})");  // the id is free again
  CHECK(text_of(server.receive()) == answers[1]);
}

TEST_CASE("kept answers: a result that may not be kept is its own call's only") {
  for (const std::string arguments : {R"({"keep":false})", R"({"fails":true})"}) {
    WatchingSession server;
    const int run = server.lead(1, "ask", arguments);
    for (int id = 2; id <= 10; ++id) server.send_call(id, "ask", arguments);
    server.settle();
    CHECK(runs.load() == run);
    gate.store(true);
    for (int i = 0; i < 10; ++i) (void)server.receive();
    CHECK(runs.load() == run + 9);
    CHECK(server.silent());
  }
}

TEST_CASE("kept answers: waiting does not lengthen a deadline") {
  WatchingSession server;
  (void)server.lead(1, "brief", "{}");
  for (int id = 2; id <= 4; ++id) server.send_call(id, "brief");
  server.settle();
  for (int i = 0; i < 4; ++i) {
    const Json answer = server.receive();
    CHECK(answer["result"]["isError"] == true);
    CHECK(text_of(answer).find("time is up") != std::string::npos);
  }
  gate.store(true);
  CHECK(server.silent());
}

TEST_CASE("kept answers: each waiting call is answered in its own revision") {
  WatchingSession server;
  (void)server.lead(1, "ask", R"({"text":"r"})");
  server.send_call(2, "ask", R"({"text":"r"})",
                   R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                   R"("io.modelcontextprotocol/clientCapabilities":{}})");
  server.settle();
  gate.store(true);
  std::map<int, Json> answers;
  for (int i = 0; i < 2; ++i) {
    Json answer = server.receive();
    const int id = answer["id"];
    answers[id] = std::move(answer);
  }
  CHECK_FALSE(answers[1]["result"].contains("resultType"));
  CHECK(answers[2]["result"]["resultType"] == "complete");
  CHECK(text_of(answers[1]) == text_of(answers[2]));
}

TEST_CASE("kept answers: a kept answer does not overtake the session's earlier write") {
  WatchingSession server;
  const std::string before = server.call("ask", R"({"text":"w"})");
  server.send_call(1, "write", R"({"path":"f.txt"})");
  server.send_call(2, "ask", R"({"text":"w"})");
  CHECK(server.receive()["id"] == 1);
  const Json after = server.receive();
  CHECK(after["id"] == 2);
  CHECK(text_of(after) != before);
}

TEST_CASE("kept answers: a write waits for calls that wait for another") {
  WatchingSession server;
  const int run = server.lead(1, "ask", R"({"text":"v"})");
  server.send_call(2, "ask", R"({"text":"v"})");
  server.send_call(3, "write", R"({"path":"f.txt"})");
  server.send_call(4, "ask", R"({"text":"v"})");
  server.settle();
  CHECK(server.silent());
  gate.store(true);
  std::map<int, std::string> answers;
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) {
    const Json answer = server.receive();
    order.push_back(answer["id"]);
    answers[order.back()] = text_of(answer);
  }
  CHECK(order[2] == 3);
  CHECK(order[3] == 4);
  CHECK(answers[1] == answers[2]);
  CHECK(answers[3] == fmt::format("after run {}", run));
  CHECK(answers[4] == fmt::format("run {} v", run + 1));
}

TEST_CASE("kept answers: the end of input leaves no waiting call without an answer") {
  WatchingSession server;
  (void)server.lead(1, "ask", R"({"text":"e"})");
  for (int id = 2; id <= 20; ++id) server.send_call(id, "ask", R"({"text":"e"})");
  server.settle();
  std::thread opener([] {
    std::this_thread::sleep_for(50ms);
    gate.store(true);
  });
  CHECK(server.finish().size() == 20);
  opener.join();
}

}  // namespace
}  // namespace quarry::test
