// Many edits of one file at once, through one pipe and from several servers: all there, none lost.

#include <algorithm>
#include <memory>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

std::string marks(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "mark " + std::to_string(i) + ";\n";
  return text;
}

Json edit_of(int i) {
  const std::string number = std::to_string(i) + ";";
  return call_of(i, "edit_file",
                 {{"path", "file"},
                  {"old_string", "mark " + number},
                  {"new_string", "done " + number + " really"}});
}

// Every mark edited exactly once.
void check_all(const std::string& text, int count) {
  for (int i = 0; i < count; ++i) {
    INFO(i);
    CHECK(text.find("done " + std::to_string(i) + "; really\n") != std::string::npos);
  }
  CHECK(text.find("mark") == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == count);
}

void check_no_leftovers(const TempWorkspace& workspace) {
  CHECK(workspace.run({"sh", "-c", "ls -A | grep -c quarry || true"}) == "0\n");
}

TEST_CASE("parallel edits of one file through one pipe are all made") {
  for (const int count : {20, 200}) {
    Client client({.files = {{"file", marks(count)}}, .arguments = {"--no-fsync"}});
    client.initialize();
    std::string lines;
    for (int i = 0; i < count; ++i) lines += edit_of(i).dump() + "\n";
    REQUIRE(client.process.write_while_reading(lines));
    for (int i = 0; i < count; ++i) {
      const Json answer = client.receive();
      INFO(answer.dump());
      CHECK_FALSE(answer.at("result").contains("isError"));
    }
    check_all(client.workspace.read("file"), count);
    check_no_leftovers(client.workspace);
  }
}

TEST_CASE("edits of one file in many sessions at once are all made") {
  constexpr int kCount = 60;
  Client client({.files = {{"file", marks(kCount)}}, .arguments = {"--no-fsync"}, .workers = 4});
  client.initialize();
  std::string lines;
  for (int i = 0; i < kCount; ++i) {
    const Json opened = client.request(1000 + i, "tools/call",
                                       {{"name", "session_open"}, {"arguments", Json::object()}});
    Json edit = edit_of(i);
    edit["params"]["arguments"]["session"] = opened["result"]["structuredContent"]["session"];
    lines += edit.dump() + "\n";
  }
  REQUIRE(client.process.write_while_reading(lines));
  for (int i = 0; i < kCount; ++i) {
    const Json answer = client.receive();
    INFO(answer.dump());
    CHECK_FALSE(answer.at("result").contains("isError"));
  }
  check_all(client.workspace.read("file"), kCount);
}

TEST_CASE("edits of one file from four servers at once are all made") {
  constexpr int kServers = 4;
  constexpr int kCount = 100;
  const TempWorkspace workspace({{"file", marks(kCount)}});
  const TempWorkspace state;
  std::vector<std::unique_ptr<ServerProcess>> servers;
  for (int i = 0; i < kServers; ++i) {
    servers.push_back(std::make_unique<ServerProcess>(
        ServerOptions{.argv = command_line(workspace, state, {.arguments = {"--no-fsync"}})}));
  }
  for (int i = 0; i < kCount; ++i) {
    REQUIRE(servers[static_cast<std::size_t>(i % kServers)]->write_while_reading(
        modern(edit_of(i)).dump() + "\n"));
  }
  for (int i = 0; i < kCount; ++i) {
    const auto line = servers[static_cast<std::size_t>(i % kServers)]->read_line();
    REQUIRE(line);
    INFO(*line);
    CHECK_FALSE(Json::parse(*line).at("result").contains("isError"));
  }
  check_all(workspace.read("file"), kCount);
  check_no_leftovers(workspace);
}

TEST_CASE("a read-only session or server writes through no tool") {
  Client client({.files = {{"file", "x"}}});
  client.initialize();
  const Json opened = client.request(
      1, "tools/call", {{"name", "session_open"}, {"arguments", {{"read_only", true}}}});
  const std::string handle = opened["result"]["structuredContent"]["session"];
  const std::vector<std::pair<std::string, Json>> calls = {
      {"write_file", {{"path", "file"}, {"content", "y"}}},
      {"edit_file", {{"path", "file"}, {"old_string", "x"}, {"new_string", "y"}}},
      {"move_path", {{"source", "file"}, {"destination", "b"}}},
      {"delete_path", {{"path", "file"}}},
      {"undo", Json::object()}};
  Client fenced({.files = {{"file", "x"}}, .arguments = {"--read-only"}});
  fenced.initialize();
  for (auto [tool, arguments] : calls) {
    INFO(tool);
    const Json off = fenced.request(2, "tools/call", {{"name", tool}, {"arguments", arguments}});
    CHECK(off.dump().find("--read-only") != std::string::npos);
    arguments["session"] = handle;
    const Json answer = client.request(3, "tools/call", {{"name", tool}, {"arguments", arguments}});
    CHECK(answer["result"].value("isError", false));
    CHECK(answer.dump().find("read-only") != std::string::npos);
  }
  CHECK(client.workspace.read("file") == "x");
  CHECK(fenced.workspace.read("file") == "x");
}

}  // namespace
}  // namespace quarry::wire
