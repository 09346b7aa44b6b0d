// Beginning and end of the process: descriptors, signals, a dead parent, several at once.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace fs = std::filesystem;
namespace {

std::string link_of(const fs::path& path) {
  std::error_code failed;
  const fs::path target = fs::read_symlink(path, failed);
  return failed ? "" : target.string();
}

// True when `pid` is gone within the bound; it need not be a child of ours.
bool gone(int pid) {
  for (int i = 0; i < kPatience.count() / 10; ++i) {
    if (!fs::exists("/proc/" + std::to_string(pid))) return true;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t close = text.rfind(')');
    if (close != std::string::npos && text.size() > close + 2 && text[close + 2] == 'Z')
      return true;
    usleep(10'000);
  }
  return false;
}

Setting with_repository() {
  return {.files = {{"a.txt", "hello\n"}}};
}

void make_repository(const Client& client) {
  client.workspace.run({"git", "init", "-q", "-b", "main"});
  client.workspace.run({"git", "add", "-A"});
  client.workspace.run({"git", "commit", "-q", "-m", "first"});
}

TEST_CASE("P3 the end of input ends the process with 0 and in time") {
  Client client(with_repository());
  make_repository(client);
  client.initialize();
  client.request(1, "tools/call", {{"name", "git_status"}, {"arguments", Json::object()}});
  const std::vector<int> children = children_of(client.process.pid());
  client.process.close_stdin();
  const auto exit = client.process.wait_exit(kExitBound);
  REQUIRE(exit);
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
  for (const int child : children) CHECK(gone(child));
}

TEST_CASE("P3 the end of input in the middle of a line or of calls leaves no half answer") {
  Client client({.files = big_tree(), .workers = 2});
  client.initialize();
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    lines += call_of(i, "grep", {{"pattern", "(a+)+c"}, {"output_mode", "count"}}).dump() + "\n";
  }
  REQUIRE(client.process.write(lines + R"({"jsonrpc":"2.0","id":99,"me)"));
  client.process.close_stdin();
  std::string rest;
  for (const std::string& line : client.process.read_to_end(rest)) CHECK(Json::accept(line));
  CHECK(rest.empty());
  const auto exit = client.process.wait_exit(kExitBound);
  REQUIRE(exit);
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
}

TEST_CASE("P3 a signal to end is the end of input") {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    INFO(number);
    Client client({.files = big_tree(), .workers = 2});
    client.initialize();
    for (int i = 0; i < 50; ++i) {
      client.send(call_of(i, "grep", {{"pattern", "(a+)+c"}, {"output_mode", "count"}}));
    }
    client.process.signal(number);
    const auto exit = client.process.wait_exit(kExitBound);
    REQUIRE(exit);
    CHECK_FALSE(exit->signalled);
    CHECK(exit->code == 0);
    std::string rest;
    for (const std::string& line : client.process.read_to_end(rest)) CHECK(Json::accept(line));
    CHECK(rest.empty());
  }
}

// Each about a pipe's worth, so that whoever does not read is felt at once.
constexpr int kLargeAnswers = 40;

Setting with_large_file() {
  std::string text;
  for (int i = 0; i < 60; ++i) text += std::string(1000, 'x') + "\n";
  return {.files = {{"a.txt", text}}};
}

// Asks for all, and ends the input.
void ask_for_large_answers(Client& client) {
  client.initialize();
  std::string lines;
  for (int i = 0; i < kLargeAnswers; ++i) {
    lines += call_of(i, "read_file", {{"path", "a.txt"}, {"max_tokens", 20'000}}).dump() + "\n";
  }
  REQUIRE(client.process.write(lines));
  client.process.close_stdin();
}

TEST_CASE("P3 a client that goes on reading slowly after the end of input gets every answer") {
  Client client(with_large_file());
  ask_for_large_answers(client);
  int answers = 0;
  while (const auto line = client.process.read_line()) {
    CHECK(line->size() > 60'000);
    CHECK(Json::accept(*line));
    ++answers;
    std::this_thread::sleep_for(Millis(80));  // all of them take longer than the bound
  }
  CHECK(answers == kLargeAnswers);
  const auto exit = client.process.wait_exit(kExitBound);
  REQUIRE(exit);
  CHECK(exit->code == 0);
}

TEST_CASE("P3 a client that reads nothing after the end of input holds nothing up") {
  Client client(with_large_file());
  ask_for_large_answers(client);
  const auto exit = client.process.wait_exit(kExitBound);
  REQUIRE(exit);
  CHECK_FALSE(exit->signalled);
  CHECK(exit->code == 0);
}

TEST_CASE("P3 what waits behind answers when a client hangs up is run as the client reads on") {
  constexpr int kWrites = 50;
  Setting setting = with_large_file();
  setting.workers = 0;
  setting.arguments = {"--limit", "unsent_bytes=1"};
  Client client(setting);
  client.initialize();
  const auto path = [&](int i) { return client.workspace.root() + "/w" + std::to_string(i); };
  const auto write = [](int i) {
    const Json arguments = {{"path", "w" + std::to_string(i)}, {"content", "x"}};
    return call_of(100 + i, "write_file", arguments).dump() + "\n";
  };
  std::string lines;
  for (int i = 0; i < 3; ++i) {
    lines += call_of(i, "read_file", {{"path", "a.txt"}, {"max_tokens", 20'000}}).dump() + "\n";
  }
  REQUIRE(client.process.write(lines + write(0)));
  // Since nobody reads, nothing behind this one is read either.
  for (int i = 0; i < kPatience.count() && !fs::exists(path(0)); ++i) usleep(1000);
  REQUIRE(fs::exists(path(0)));
  lines.clear();
  for (int i = 1; i <= kWrites; ++i) lines += write(i);
  REQUIRE(client.process.write(lines));
  client.process.close_stdin();
  SECTION("by who reads it all") {
    std::string rest;
    CHECK(client.process.read_to_end(rest).size() == 3 + 1 + kWrites);
    CHECK(rest.empty());
    CHECK(fs::exists(path(kWrites)));
  }
  SECTION("by who reads nothing") {
    const auto exit = client.process.wait_exit(kExitBound);
    REQUIRE(exit);
    CHECK(exit->code == 0);
    CHECK_FALSE(fs::exists(path(1)));
  }
}

TEST_CASE("P3 a signal to end outweighs that a client still reads") {
  Setting setting = with_large_file();
  setting.arguments = {"--drain-ms", "900"};
  Client client(setting);
  ask_for_large_answers(client);
  REQUIRE(client.process.read_line());
  client.process.signal(SIGTERM);
  int answers = 1;
  while (client.process.read_line()) {
    ++answers;
    std::this_thread::sleep_for(Millis(200));  // all of them would take 8 s
  }
  CHECK(answers < kLargeAnswers);
  CHECK(client.process.wait_exit(kExitBound));
}

TEST_CASE("a dead parent ends the process though its pipes stay open") {
  TempWorkspace workspace;
  TempWorkspace state;
  std::string command = "exec 3<&0;";
  for (const std::string& word : command_line(workspace, state, {})) command += " '" + word + "'";
  command += " <&3 3<&- & echo $! >&2; wait";
  ServerProcess shell({.argv = {"/bin/sh", "-c", command}});
  REQUIRE(shell.write(request_of(1, "ping").dump() + "\n"));
  REQUIRE(shell.read_line());
  // The shell may come to say it only after the server's first answer.
  int server = 0;
  for (int tries = 0; tries < 2000 && server <= 1; ++tries) {
    std::this_thread::sleep_for(Millis(5));
    const std::string said = shell.stderr_text();
    for (std::size_t begin = 0; begin < said.size() && server <= 1;) {
      const std::size_t end = said.find('\n', begin);
      if (end == std::string::npos) break;
      server = std::atoi(said.c_str() + begin);
      begin = end + 1;
    }
  }
  REQUIRE(server > 1);
  shell.signal(SIGKILL);
  REQUIRE(shell.wait_exit());
  // We still hold both pipes, so there is no end of input to be seen: only the parent is gone.
  CHECK(gone(server));
}

TEST_CASE("a client that closes its end ends the process without a broken-pipe signal") {
  Client client({.files = {{"a.txt", "hello\n"}}});
  client.initialize();
  client.process.close_stdout();
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += call_of(i, "read_file", {{"path", "a.txt"}}).dump() + "\n";
  client.process.write(lines, Millis{0});
  const auto exit = client.process.wait_exit(kPatience);
  REQUIRE(exit);
  CHECK_FALSE(exit->signalled);
}

TEST_CASE("P2 descriptors 0 and 1 are not the protocol's, and the private ones close on exec") {
  Client client;
  client.initialize();
  const fs::path process = "/proc/" + std::to_string(client.process.pid());
  CHECK(link_of(process / "fd/0") == "/dev/null");
  CHECK(link_of(process / "fd/1") == link_of(process / "fd/2"));
  for (const auto& entry : fs::directory_iterator(process / "fd")) {
    const std::string number = entry.path().filename().string();
    if (std::stoi(number) <= 2) continue;
    std::ifstream facts(process / "fdinfo" / number);
    std::string word;
    while (facts >> word && word != "flags:") {
    }
    facts >> word;
    INFO(number + " -> " + link_of(entry.path()) + " flags " + word);
    CHECK((std::stol(word, nullptr, 8) & O_CLOEXEC) != 0);
  }
}

TEST_CASE("P8 children hold neither end of the protocol") {
  Client client(with_repository());
  make_repository(client);
  client.initialize();
  const Json answer =
      client.request(1, "tools/call", {{"name", "git_status"}, {"arguments", Json::object()}});
  INFO(answer.dump());
  REQUIRE(answer.contains("result"));
  REQUIRE_FALSE(answer["result"].value("isError", false));
  const std::vector<int> children = children_of(client.process.pid());
  REQUIRE_FALSE(children.empty());
  for (const int child : children) {
    const fs::path folder = "/proc/" + std::to_string(child) + "/fd";
    std::error_code failed;
    fs::directory_iterator entries(folder, failed);
    if (failed) {
      WARN("skipped: this user may not look into the helper's descriptors");
      return;
    }
    for (const auto& entry : entries) {
      CHECK(link_of(entry.path()) != client.process.stdin_pipe());
      CHECK(link_of(entry.path()) != client.process.stdout_pipe());
    }
  }
}

TEST_CASE("P9 several servers share a workspace and a state directory, and survive each other") {
  const std::map<std::string, std::string> files = {{"a.txt", "hello\n"}};
  TempWorkspace workspace(files);
  TempWorkspace state;
  const ServerOptions options{.argv = command_line(workspace, state, {})};
  const std::string read = modern(call_of(1, "read_file", {{"path", "a.txt"}})).dump() + "\n";
  const auto answers = [&](ServerProcess& process) {
    REQUIRE(process.write(read));
    const auto line = process.read_line();
    REQUIRE(line);
    return text_of(Json::parse(*line)).find("hello") != std::string::npos;
  };
  ServerProcess one(options);
  ServerProcess two(options);
  CHECK(answers(one));
  CHECK(answers(two));
  for (int i = 0; i < 10; ++i) {
    ServerProcess killed(options);
    if (i % 2 == 0) killed.write(read);
    killed.signal(SIGKILL);
    killed.wait_exit();
  }
  CHECK(answers(one));
  ServerProcess three(options);
  CHECK(answers(three));
  // Nothing of the server's own is left in the workspace.
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(workspace.root())) {
    names.push_back(entry.path().filename().string());
  }
  CHECK(names == std::vector<std::string>{"a.txt"});
}

TEST_CASE("P33 the list of tools is the same bytes in every process and at every time") {
  const auto list = [](Client& client) {
    client.send(modern(request_of("list", "tools/list")));
    return client.process.read_line().value_or("");
  };
  Client one;
  Client two({.files = {{"a.txt", "hello\n"}}});
  const std::string first = list(one);
  CHECK(first.size() < 24U * 1024U);
  two.initialize();
  two.request(1, "tools/call", {{"name", "session_status"}, {"arguments", Json::object()}});
  CHECK(list(two) == first);
  CHECK(list(one) == first);
}

}  // namespace
}  // namespace quarry::wire
