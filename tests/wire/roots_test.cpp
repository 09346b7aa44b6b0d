// The client's roots and the directories behind them, with the real binary and its git helper.

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace fs = std::filesystem;
namespace {

// Past the handshake with the roots capability, and asked for the roots.
Json asked(Client& client) {
  client.request("init", "initialize",
                 {{"protocolVersion", "2025-11-25"},
                  {"capabilities", {{"roots", {{"listChanged", true}}}}},
                  {"clientInfo", {{"name", "wire_test"}, {"version", "1"}}}});
  client.send({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
  Json question = client.receive();
  REQUIRE(question["method"] == "roots/list");
  return question["id"];
}

void answer(Client& client, const Json& id, const std::vector<std::string>& directories) {
  Json roots = Json::array();
  for (const std::string& directory : directories)
    roots.push_back({{"uri", "file://" + directory}});
  client.send({{"jsonrpc", "2.0"}, {"id", id}, {"result", {{"roots", roots}}}});
}

Json call(Client& client, const Json& id, const std::string& tool, const Json& arguments) {
  return client.request(id, "tools/call", {{"name", tool}, {"arguments", arguments}})["result"];
}

std::string said(const Json& result) {
  return result["content"][0]["text"];
}

Setting two_projects() {
  return {.files = {{"a/f.txt", "in a\n"}, {"b/f.txt", "in b\n"}, {"top.txt", "top\n"}}};
}

TEST_CASE("P97 git and files of a client's root are those of the directory it named") {
  Client client(two_projects());
  for (const char* name : {"a", "b"}) {
    const std::string at = std::string("-C");
    client.workspace.run({"git", at, name, "init", "-q", "-b", std::string("branch-") + name});
  }
  answer(client, asked(client), {client.workspace.path("a")});
  CHECK(said(call(client, 1, "git_status", Json::object())).find("branch-a") != std::string::npos);
  CHECK(said(call(client, 2, "read_file", {{"path", "f.txt"}})).find("in a") != std::string::npos);
  client.send({{"jsonrpc", "2.0"}, {"method", "notifications/roots/list_changed"}});
  answer(client, client.receive()["id"], {client.workspace.path("b")});
  CHECK(said(call(client, 3, "git_status", Json::object())).find("branch-b") != std::string::npos);
  CHECK(said(call(client, 4, "read_file", {{"path", "f.txt"}})).find("in b") != std::string::npos);
}

TEST_CASE("P97 a durable session outside the client's roots is refused, also after a restart") {
  TempWorkspace workspace(two_projects().files);
  TempWorkspace state;
  const auto serve = [&](auto talk) {
    Client client({.arguments = {"--root", workspace.root()}, .state_dir = state.root()});
    talk(client);
    client.process.close_stdin();
    CHECK(client.process.wait_exit());
  };
  std::string handle;
  serve([&](Client& client) {
    answer(client, asked(client), {workspace.root()});
    handle = call(client, 1, "session_open",
                  {{"root", workspace.path("a")}})["structuredContent"]["session"];
  });
  serve([&](Client& client) {
    answer(client, asked(client), {workspace.path("b")});
    const Json refused = call(client, 1, "read_file", {{"path", "f.txt"}, {"session", handle}});
    CHECK(refused["isError"] == true);
    CHECK(said(refused).find("call session_open with a root inside") != std::string::npos);
    client.send({{"jsonrpc", "2.0"}, {"method", "notifications/roots/list_changed"}});
    answer(client, client.receive()["id"], {workspace.root()});
    const Json read = call(client, 2, "read_file", {{"path", "f.txt"}, {"session", handle}});
    CHECK(said(read).find("in a") != std::string::npos);
  });
}

TEST_CASE("a root that is moved away or replaced is an error of every tool on the tree (FS-27)") {
  Client client(two_projects());
  client.workspace.run({"git", "init", "-q"});
  client.initialize();
  const std::string root = client.workspace.root();
  CHECK_FALSE(call(client, 0, "git_status", Json::object()).contains("isError"));
  fs::rename(root, root + "-aside");
  for (const bool another : {false, true}) {
    if (another) fs::create_directories(root + "/a");
    const std::pair<const char*, Json> calls[] = {
        {"read_file", {{"path", "top.txt"}}}, {"list_directory", {{"path", "."}}},
        {"glob", {{"pattern", "**"}}},        {"grep", {{"pattern", "in"}}},
        {"git_status", Json::object()},       {"git_log", Json::object()},
        {"git_diff", Json::object()},         {"analyze_repository", Json::object()},
    };
    for (const auto& [tool, arguments] : calls) {
      INFO(tool);
      const Json refused = call(client, tool, tool, arguments);
      CHECK(refused["isError"] == true);
      CHECK(said(refused).find("root changed") != std::string::npos);
    }
    CHECK_FALSE(call(client, "s", "server_status", Json::object()).contains("isError"));
    CHECK_FALSE(call(client, "t", "session_status", Json::object()).contains("isError"));
  }
  fs::remove_all(root);
  fs::rename(root + "-aside", root);
  CHECK(said(call(client, 9, "read_file", {{"path", "top.txt"}})).find("top") != std::string::npos);
}

TEST_CASE("a kept answer is not given when a directory above the root was moved (FS-27)") {
  for (const bool watch : {true, false}) {
    INFO(watch);
    Client client(
        {.files = {{"above/root/a.txt", "needle\n"}},
         .arguments = watch ? std::vector<std::string>{} : std::vector<std::string>{"--no-watch"}});
    client.initialize();
    const std::string handle =
        call(client, 0, "session_open", {{"root", "above/root"}})["structuredContent"]["session"];
    const auto grep = [&](int id) {
      return call(client, id, "grep", {{"pattern", "needle"}, {"session", handle}});
    };
    const auto hits = [&] {
      return Json::parse(said(call(client, "m", "server_status", {{"detail", "metrics"}})))
          .at("kept_answers")
          .at("hits")
          .get<int>();
    };
    for (int i = 1; i < 500 && hits() == 0; ++i) {
      CHECK_FALSE(grep(i).contains("isError"));
      if (!watch) std::this_thread::sleep_for(Millis(5));
    }
    const fs::path above = client.workspace.path("above");
    fs::rename(above, client.workspace.path("moved"));
    CHECK(said(grep(1000)).find("root changed") != std::string::npos);
    fs::create_directories(above / "root");
    CHECK(said(grep(1001)).find("root changed") != std::string::npos);
    fs::remove_all(above);
    fs::rename(client.workspace.path("moved"), above);
    CHECK_FALSE(grep(1002).contains("isError"));
  }
}

}  // namespace
}  // namespace quarry::wire
