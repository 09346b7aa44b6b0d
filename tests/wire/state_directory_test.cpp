// State directories that cannot be used: the server works, keeps sessions in memory and says why.

#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

struct Row {
  const char* name;
  std::string state_dir;
  const char* note;
};

void check(const Row& row, const TempWorkspace& tree) {
  INFO(row.name);
  ServerProcess server({.argv = {kBinary, "serve", "--root", tree.root(), "--state-dir",
                                 row.state_dir, "--workers", "0"}});
  const auto call = [&](const char* tool, const Json& arguments) {
    REQUIRE(server.write_while_reading(modern(call_of(1, tool, arguments)).dump() + "\n"));
    return Json::parse(server.read_line().value_or("null"))["result"]["structuredContent"];
  };
  const Json opened = call("session_open", Json::object());
  REQUIRE(opened.is_object());
  CHECK(opened["durable"] == false);
  const std::string said = opened.value("note", "");
  CHECK(said.starts_with("kept in memory, and gone when this server ends: "));
  CHECK(said.find(row.note) != std::string::npos);
  CHECK(call("server_status", Json::object()).value("store_note", "").find(row.note) !=
        std::string::npos);
  const Json status = call("server_status", {{"detail", "diagnose"}});
  INFO(status.dump());
  const std::string text = status.dump();
  CHECK(text.find("\"store\":\"memory\"") != std::string::npos);
  CHECK(text.find(row.note) != std::string::npos);
  CHECK(status["durability"] == "none");
  server.close_stdin();
  CHECK(server.wait_exit()->code == 0);
}

TEST_CASE("a state directory that cannot be used leaves sessions in memory, and the reason told") {
  const TempWorkspace tree(std::map<std::string, std::string>{{"a.txt", "a"}});
  const TempWorkspace state(std::map<std::string, std::string>{{"file", "x"}});
  check({"a file", state.path("file"), "Not a directory"}, tree);
  check({"below a file", state.path("file") + "/s", "the state directory cannot be made"}, tree);
  check({"relative", "s", "the state directory must be an absolute path"}, tree);
  check({"inside the root", tree.path("s"), "the state directory lies inside a root"}, tree);
  state.link("nowhere", "link");
  check({"a link to nothing", state.path("link"), "the state directory cannot be found"}, tree);
  state.make_directory("open");
  REQUIRE(chmod(state.path("open").c_str(), 0777) == 0);
  check({"open to all", state.path("open"), "can be written by other users"}, tree);
  if (geteuid() == 0) return;  // may write everywhere
  state.make_directory("closed");
  REQUIRE(chmod(state.path("closed").c_str(), 0500) == 0);
  check({"not to be written", state.path("closed"), "the state directory cannot be used"}, tree);
}

TEST_CASE("what an older server or anybody else left in a state directory stops no start") {
  const TempWorkspace tree(std::map<std::string, std::string>{{"a.txt", "a"}});
  const TempWorkspace state;
  state.make_directory("self-test/inside");
  state.link(".", "self-test/relative");
  REQUIRE(chmod(state.root().c_str(), 0700) == 0);
  ServerProcess server({.argv = {kBinary, "serve", "--root", tree.root(), "--state-dir",
                                 state.root(), "--workers", "0"}});
  REQUIRE(server.write_while_reading(modern(call_of(1, "session_open")).dump() + "\n"));
  const Json answer = Json::parse(server.read_line().value_or("null"));
  CHECK(answer["result"]["structuredContent"].is_object());
  for (const auto& entry : std::filesystem::directory_iterator(state.root())) {
    CHECK_FALSE(entry.path().filename().string().starts_with("quarry-self-test"));
  }
}

TEST_CASE("a damaged store tells what is left of it without being asked for a diagnosis") {
  const TempWorkspace tree(std::map<std::string, std::string>{{"a.txt", "a"}});
  const TempWorkspace state;
  REQUIRE(chmod(state.root().c_str(), 0700) == 0);
  const auto serve = [&](const std::string& handle) {
    ServerProcess server({.argv = {kBinary, "serve", "--root", tree.root(), "--state-dir",
                                   state.root(), "--workers", "0"}});
    const auto call = [&](const char* tool, const Json& arguments) {
      REQUIRE(server.write_while_reading(modern(call_of(1, tool, arguments)).dump() + "\n"));
      return Json::parse(server.read_line().value_or("null"))["result"]["structuredContent"];
    };
    std::string answer;
    if (handle.empty()) {
      const Json opened = call("session_open", Json::object());
      CHECK_FALSE(opened.contains("note"));
      answer = opened["session"];
    } else {
      (void)call("session_status", Json::object());
      answer = call("server_status", Json::object()).value("store_note", "");
    }
    server.close_stdin();
    CHECK(server.wait_exit()->code == 0);
    return answer;
  };
  const std::string handle = serve("");
  std::string data = state.read("state/data.mdb");
  std::fill(data.begin() + 8192, data.end(), '\xee');
  state.write("state/data.mdb", data);
  CHECK(
      serve(handle).starts_with("a damaged 'state' was set aside when the store was opened: 0 of "
                                "its records were recovered, at least "));
  CHECK(serve(handle).empty());
}

TEST_CASE("a server whose mapped files are cut short under it says so before it ends") {
  Client client({.files = {{"a.txt", "a"}}});
  client.initialize();
  const auto open = [&] {
    client.process.write(call_of(1, "session_open", Json::object()).dump() + "\n");
    return client.process.read_line();
  };
  REQUIRE(open());
  REQUIRE(truncate(client.state.path("recent/head").c_str(), 0) == 0);
  CHECK_FALSE(open());
  const auto exit = client.process.wait_exit();
  REQUIRE(exit);
  CHECK(exit->signalled);
  CHECK(exit->code == SIGBUS);
  CHECK(client.process.stderr_text().find(
            "a mapped file, most likely of the state directory, was cut short") !=
        std::string::npos);
}

}  // namespace
}  // namespace quarry::wire
