// What surrounds the process: descriptors, the environment, limits of the system, its log.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

TEST_CASE("RP-29 standard descriptors that are closed at the start do no harm") {
  SECTION("without stderr it works") {
    Client client({}, {.closed_fds = {2}});
    client.initialize();
    CHECK(client.alive());
  }
  SECTION("without stdin or stdout it ends by itself") {
    for (const std::vector<int>& closed :
         {std::vector<int>{0}, std::vector<int>{1}, std::vector<int>{0, 1, 2}}) {
      Client client({}, {.closed_fds = closed});
      client.process.write(request_of(1, "ping").dump() + "\n", Millis{0});
      client.process.close_stdin();
      const auto exit = client.process.wait_exit();
      REQUIRE(exit);
      CHECK_FALSE(exit->signalled);
    }
  }
}

TEST_CASE("RP-29 one socket may be input and output") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  TempWorkspace workspace;
  TempWorkspace state;
  std::vector<std::string> words = {"/bin/sh", "-c", "exec \"$@\" <&2 >&2 2>/dev/null", "sh"};
  for (const std::string& word : command_line(workspace, state, {})) words.push_back(word);
  ServerProcess process({.argv = words, .stderr_fd = ends[1]});
  close(ends[1]);
  const std::string question = request_of(1, "ping").dump() + "\n";
  REQUIRE(write(ends[0], question.data(), question.size()) ==
          static_cast<ssize_t>(question.size()));
  const std::string want = R"({"jsonrpc":"2.0","id":1,"result":{}})"
                           "\n";
  std::string answer(want.size(), '\0');
  CHECK(recv(ends[0], answer.data(), answer.size(), MSG_WAITALL) ==
        static_cast<ssize_t>(want.size()));
  CHECK(answer == want);
  shutdown(ends[0], SHUT_WR);
  const auto exit = process.wait_exit();
  close(ends[0]);
  REQUIRE(exit);
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
}

TEST_CASE("RP-14 a stderr that nobody drains blocks nothing") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  const std::string filler(4096, 'x');
  while (write(ends[1], filler.data(), filler.size()) > 0) {
  }
  fcntl(ends[1], F_SETFL, 0);
  {
    Client client({}, {.stderr_fd = ends[1]});
    client.initialize();
    for (int i = 0; i < 200; ++i) {
      client.send({{"jsonrpc", "2.0"}, {"method", "notifications/unknown"}});
      client.send({{"jsonrpc", "2.0"}, {"id", i}, {"result", Json::object()}});
    }
    CHECK(client.alive());
  }
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("RP-30 a bare environment and a strange one are good enough") {
  SECTION("no HOME, another directory") {
    Client client({}, {.clean_environment = true, .working_directory = "/"});
    client.initialize();
    CHECK(client.alive());
  }
  SECTION("a language that does not exist, a HOME that cannot be written") {
    Client client({},
                  {.environment = {{"LANG", "xx_XX"}, {"HOME", "/proc"}, {"TMPDIR", "/nowhere"}}});
    client.initialize();
    CHECK(client.alive());
  }
}

// One call of most tools, and the answers' texts; every call must be answered.
std::vector<std::string> call_all(ServerProcess& process) {
  const std::vector<std::pair<const char*, Json>> calls = {
      {"read_file", {{"path", "a.txt"}}},     {"grep", {{"pattern", "hello"}}},
      {"glob", {{"pattern", "**"}}},          {"list_directory", {{"path", "."}}},
      {"analyze_repository", Json::object()}, {"git_status", Json::object()},
      {"session_open", Json::object()},       {"write_file", {{"path", "b.txt"}, {"content", "x"}}},
      {"server_status", Json::object()}};
  std::vector<std::string> texts;
  for (const auto& [tool, arguments] : calls) {
    INFO(tool);
    INFO(process.stderr_text());
    REQUIRE(process.write(modern(call_of(tool, tool, arguments)).dump() + "\n"));
    const auto line = process.read_line();
    REQUIRE(line);
    texts.push_back(text_of(Json::parse(*line)));
  }
  return texts;
}

// A server under a limit of the shell's `ulimit` answers every call, reads files, and ends in
// order. Returns all that it answered.
std::string answers_under(const std::string& limit) {
  TempWorkspace workspace(std::map<std::string, std::string>{{"a.txt", "hello\n"}});
  workspace.run({"git", "init", "-q", "-b", "main"});
  TempWorkspace state;
  std::vector<std::string> words = {"/bin/sh", "-c", "ulimit " + limit + "; exec \"$@\"", "sh"};
  for (const std::string& word : command_line(workspace, state, {})) words.push_back(word);
  ServerProcess process({.argv = words});
  INFO(limit);
  std::string all;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : call_all(process)) all += text + "\n";
  }
  process.close_stdin();
  const auto exit = process.wait_exit();
  REQUIRE(exit);
  INFO(process.stderr_text());
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
  return all;
}

TEST_CASE("RS-01 with few descriptors every call is answered, and the end is orderly") {
  CHECK(answers_under("-n 64").find("out of") == std::string::npos);
  if (kSanitized) return;  // a sanitizer takes some itself
  for (const char* limit : {"-n 32", "-n 20", "-n 14"}) answers_under(limit);
  CHECK(answers_under("-n 12").find("out of file descriptors") != std::string::npos);
}

TEST_CASE("RS-02 with little address space every call is answered, and the end is orderly") {
  if (kSanitized) return;  // its shadows take terabytes
  for (const char* limit : {"-v 2000000", "-v 400000", "-v 100000"}) {
    // The store's map does not fit, so that sessions live in memory; the tools have what they need.
    CHECK(answers_under(limit).find("failed inside") == std::string::npos);
  }
}

TEST_CASE("P69 the log holds nothing of what a client sends, or of what files hold") {
  const std::string token = "token-c5d1e2";
  Client client({.files = {{"a.txt", token + "\n"}}, .arguments = {"--log-level", "debug"}});
  client.initialize();
  int id = 0;
  const auto call = [&](const std::string& tool, const Json& arguments) {
    client.request(token + std::to_string(++id), "tools/call",
                   {{"name", tool}, {"arguments", arguments}});
  };
  call("read_file", {{"path", "a.txt"}});
  call("read_file", {{"path", token}});
  call("read_file", {{"path", 7}, {token, token}});
  call("write_file", {{"path", token}, {"content", token}});
  call("edit_file", {{"path", "a.txt"}, {"old_string", token + "x"}, {"new_string", token}});
  call("apply_patch", {{"patch", token}});
  call("grep", {{"pattern", token + "("}});
  call("git_log", {{"ref", token}});
  call("session_open", {{"label", token}});
  call("session_update", {{"session", token}, {"set", {{token, token}}}});
  call(token, Json::object());
  client.request("init", "initialize",
                 {{"protocolVersion", token},
                  {"capabilities", Json::object()},
                  {"clientInfo", {{"name", token}, {"version", token}}}});
  client.send({{"jsonrpc", "2.0"}, {"method", token}});
  client.send({{"jsonrpc", "2.0"}, {"id", token}, {"result", Json::object()}});
  client.send(cancel_of(token));
  REQUIRE(client.process.write(token + "\n"));
  client.receive();
  CHECK(client.alive());
  const std::string log = client.process.stderr_text();
  INFO(log);
  CHECK(log.find("debug") != std::string::npos);
  CHECK(log.find(token) == std::string::npos);
}

}  // namespace
}  // namespace quarry::wire
