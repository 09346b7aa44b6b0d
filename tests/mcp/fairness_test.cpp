// Sessions beside each other: one that floods, one that may not write, one that keeps its order.

#include <filesystem>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/mcp/fake_server.h"
#include "tests/mcp/fake_tools.h"

namespace quarry::test {
namespace {

// A server past its handshake.
struct Server : FakeServer {
  explicit Server(const std::string& state_directory = {})
      : FakeServer(fake_tools(), {.workers = 2, .state_directory = state_directory}) {
    send(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":)"
         R"("2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}})");
    receive();
  }
};

std::string open_session(FakeServer& server, bool read_only = false) {
  server.send_call(900, "begin_session", read_only ? R"({"read_only":true})" : "{}");
  return text_of(server.receive());
}

std::string in(const std::string& handle, const std::string& text) {
  return R"({"session":")" + handle + R"(","text":")" + text + "\"}";
}

TEST_CASE("RS-04 a session that floods the workers does not keep another one waiting") {
  constexpr int kFlood = 60;
  Server server;
  const std::string loud = open_session(server);
  const std::string calm = open_session(server);
  take_log();
  open_gate(false);
  server.send_call(1, "gate", R"({"session":")" + loud + "\"}");
  for (int i = 0; i < kFlood; ++i) server.send_call(100 + i, "look", in(loud, "a"));
  server.send_call(2, "look", in(calm, "B"));
  // Once this is answered, everything before it was read.
  server.send(R"({"jsonrpc":"2.0","id":3,"method":"ping"})");
  CHECK(server.receive()["id"] == 3);
  open_gate(true);
  for (int i = 0; i < kFlood + 2; ++i) CHECK_FALSE(server.receive()["result"].contains("isError"));
  const std::string log = take_log();
  const std::size_t turn = log.find("B(") / std::string_view("a(a)").size();
  INFO(log);
  // Eight of the flood were with the workers when it came, the gate among them.
  CHECK(turn == 7);
}

TEST_CASE("a read-only session writes through no tool") {
  Server server;
  const std::string reader = open_session(server, /*read_only=*/true);
  const std::string writer = open_session(server);
  take_log();
  int writing = 0;
  for (const tools::Entry& entry : fake_tools()) {
    if (entry.tool->traits.effect != tools::Effect::kWrites) continue;
    ++writing;
    const std::string name(entry.tool->traits.name);
    server.send_call(1, name, in(reader, "x"));
    const auto refused = server.receive();
    CHECK(refused["result"]["isError"] == true);
    CHECK(text_of(refused) == "the session is read-only; '" + name + "' would write");
    CHECK(take_log() == "");
    server.send_call(2, name, in(writer, "y"));
    CHECK_FALSE(server.receive()["result"].contains("isError"));
    CHECK(take_log() == "y(y)");
  }
  CHECK(writing == 1);
}

TEST_CASE("a quick call that wants to be alone keeps its place among heavy ones") {
  Server server;
  const std::string handle = open_session(server);
  take_log();
  open_gate(false);
  server.send_call(1, "gate", R"({"session":")" + handle + "\"}");
  server.send_call(2, "scribble", in(handle, "W"));
  server.send_call(3, "look", in(handle, "r"));
  server.send_call(4, "echo", in(handle, "e"));
  // Another session's quick call is not held up.
  server.send_call(5, "echo", R"({"text":"free"})");
  CHECK(server.receive()["id"] == 5);
  CHECK(server.silent());
  open_gate(true);
  CHECK(server.receive()["id"] == 1);
  CHECK(server.receive()["id"] == 2);
  server.receive();
  server.receive();
  CHECK(take_log() == "W(W)r(r)");
}

TEST_CASE("a change of a store that waits for the disk runs on a worker") {
  // The fake world's store acknowledges what is durable, so begin_session is heavy there: it waits
  // behind the gate, while a quick call passes.
  Server server;
  open_gate(false);
  server.send_call(1, "gate");
  server.send_call(2, "begin_session");
  server.send_call(3, "echo", R"({"text":"quick"})");
  CHECK(server.receive()["id"] == 3);
  CHECK(server.silent());
  open_gate(true);
  std::set<int> ids = {server.receive()["id"], server.receive()["id"]};
  CHECK(ids == std::set<int>{1, 2});
}

TEST_CASE("a store that comes back while calls run leaves their session its places") {
  // In memory, which acknowledges what is as durable as it gets, a change is heavy; on disk it is
  // not. Eight fill a session's places, and meanwhile the directory can be used.
  TempWorkspace place;
  place.write("state", "no directory");
  Server server(place.path("state"));
  open_gate(false);
  server.send_call(1, "gate");
  for (int id = 2; id <= 9; ++id) server.send_call(id, "begin_session");
  server.send(R"({"jsonrpc":"2.0","id":10,"method":"ping"})");
  CHECK(server.receive()["id"] == 10);
  std::filesystem::remove(place.path("state"));
  open_gate(true);
  for (int id = 1; id <= 9; ++id) CHECK_FALSE(server.receive()["result"].contains("isError"));
  CHECK(std::filesystem::is_directory(place.path("state")));
  server.send_call(11, "look", R"({"text":"heavy"})");
  CHECK(server.receive()["id"] == 11);
}

}  // namespace
}  // namespace quarry::test
