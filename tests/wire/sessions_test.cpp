// Many sessions on one pipe, and handles that lead to none.

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

std::string directory(int i) {
  return "many/" + std::to_string(i);
}

// Whether `text` names `i`'s file and token, and nobody else's.
bool tells_only_of(const std::string& text, int i) {
  int seen = 0;
  for (const std::string_view mark : {"file_", "token_"}) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      at += mark.size();
      if (std::atoi(text.c_str() + at) != i) return false;
      ++seen;
    }
  }
  return seen > 0;
}

TEST_CASE("a session with a ledger is told what is new, the default one everything") {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "line " + std::to_string(i) + "\n";
  Client client({.files = {{"a.c", text}}, .workers = 0});
  client.initialize();
  const Json opened = client.request(
      1, "tools/call",
      {{"name", "session_open"}, {"arguments", {{"ledger", true}}}})["result"]["structuredContent"];
  const std::string handle = opened["session"];
  CHECK(opened["ledger"] == true);
  const auto read = [&](const Json& more) {
    Json arguments = {{"path", "a.c"}};
    arguments.update(more);
    return text_of(
        client.request(2, "tools/call", {{"name", "read_file"}, {"arguments", arguments}}));
  };
  const std::string whole = read(Json::object());
  CHECK(whole.find("\tline 49") != std::string::npos);
  CHECK(read(Json::object()) == whole);
  CHECK(read({{"session", handle}}) == whole);
  CHECK(read({{"session", handle}}).starts_with("a.c: unchanged since"));
  CHECK(read({{"session", handle}, {"force", true}}) == whole);
  client.workspace.write("a.c", text + "more\n");
  const std::string changed = read({{"session", handle}});
  CHECK(changed.find("+1 -0 lines") != std::string::npos);
  CHECK(changed.find("\n+more") != std::string::npos);
  CHECK(changed.find("line 10\n") == std::string::npos);
}

TEST_CASE("a thousand sessions on one pipe see each their own tree and state, and no other's") {
  const int sessions = kSanitized ? 200 : 1000;
  const int calls = std::getenv("QUARRY_LONG_TESTS") != nullptr ? 100'000 : 3000;
  std::map<std::string, std::string> files;
  for (int i = 0; i < sessions; ++i) {
    const std::string number = std::to_string(i);
    files[directory(i) + "/file_" + number + ".txt"] = "token_" + number + "\n";
  }
  Client client({.files = files});
  client.initialize();
  for (int i = 0; i < sessions; ++i) {
    client.send(call_of(i, "session_open", {{"root", directory(i)}}));
  }
  std::vector<std::string> handles(static_cast<std::size_t>(sessions));
  for (int i = 0; i < sessions; ++i) {
    const Json answer = client.receive();
    INFO(answer.dump());
    const int id = answer["id"];
    handles[static_cast<std::size_t>(id)] = answer["result"]["structuredContent"]["session"];
  }

  std::mt19937 random(7);
  const auto pick = [&](int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random);
  };
  struct Sent {
    int session = 0;
    std::string tool;
  };
  std::vector<Sent> sent;
  std::size_t answered = 0;
  const auto check_answer = [&] {
    const Json answer = client.receive();
    REQUIRE(answer.is_object());
    const Sent& of = sent[answer["id"].get<std::size_t>()];
    INFO(of.tool << " of " << of.session << ": " << answer.dump());
    REQUIRE_FALSE(answer["result"].value("isError", false));
    const auto number = static_cast<std::size_t>(of.session);
    if (of.tool == "session_update") {
      REQUIRE(answer["result"]["structuredContent"]["session"] == handles[number]);
    } else {
      REQUIRE(tells_only_of(text_of(answer), of.session));
    }
    ++answered;
  };
  for (int i = 0; i < sessions; ++i) {
    const std::string number = std::to_string(i);
    sent.push_back({i, "session_update"});
    client.send(call_of(sent.size() - 1, "session_update",
                        {{"session", handles[static_cast<std::size_t>(i)]},
                         {"set", {{"file_" + number, "token_" + number}}}}));
  }
  const char* const tools[] = {"read_file", "list_directory", "glob",          "grep",
                               "read_file", "list_directory", "session_status"};
  for (int i = 0; i < calls; ++i) {
    const int session = pick(sessions);
    const std::string tool = tools[pick(std::size(tools))];
    Json arguments = {{"session", handles[static_cast<std::size_t>(session)]}};
    if (tool == "read_file") arguments["path"] = "file_" + std::to_string(session) + ".txt";
    if (tool == "glob") arguments["pattern"] = "**";
    if (tool == "grep") arguments["pattern"] = "token";
    sent.push_back({session, tool});
    client.send(call_of(sent.size() - 1, tool, arguments));
    // Hundreds on the way, never all.
    while (sent.size() - answered > 300) check_answer();
  }
  while (answered < sent.size()) check_answer();
}

TEST_CASE("SE-01 SE-11 a handle that is guessed, malformed or another server's opens nothing") {
  Client client({.files = {{"inside/a.txt", "inside"}, {"beside/b.txt", "secret"}}});
  client.initialize();
  const std::string handle = client.request(
      1, "tools/call",
      {{"name", "session_open"},
       {"arguments",
        {{"root", "beside"}, {"ttl_s", 60}}}})["result"]["structuredContent"]["session"];
  for (const std::string& bad :
       {std::string("../x"), std::string("a\0b", 3), std::string(1 << 20, 'A'),
        std::string(22, 'A'), std::string(handle.rbegin(), handle.rend()), handle + "A",
        handle.substr(0, 21), std::string("default-"), std::string(" ")}) {
    for (const char* tool : {"read_file", "session_status", "session_update", "session_close"}) {
      const Json answer = client.request(
          2, "tools/call", {{"name", tool}, {"arguments", {{"session", bad}, {"path", "b.txt"}}}});
      INFO(tool << " " << bad.substr(0, 40));
      CHECK(answer["result"]["isError"] == true);
      CHECK(text_of(answer).find("no session with this handle") == 0);
    }
  }
  // A server with a smaller root, on the same state directory and as the same user.
  const std::string inside = client.workspace.path("inside");
  ServerProcess other({.argv = {kBinary, "serve", "--root", inside, "--state-dir",
                                client.state.root(), "--workers", "0"}});
  for (const char* tool : {"read_file", "session_status", "session_update", "session_close"}) {
    Json arguments = {{"session", handle}};
    if (std::string(tool) == "read_file") arguments["path"] = "b.txt";
    if (std::string(tool) == "session_update") arguments["set"] = {{"a", "b"}};
    REQUIRE(other.write_while_reading(modern(call_of(1, tool, arguments)).dump() + "\n"));
    const Json answer = Json::parse(other.read_line().value_or("null"));
    INFO(tool << answer.dump());
    REQUIRE(answer["result"]["isError"] == true);
    CHECK(text_of(answer).find("outside the roots that the server was started with") !=
          std::string::npos);
    CHECK(answer.dump().find("beside") == std::string::npos);
  }
  REQUIRE(other.write_while_reading(modern(call_of(1, "session_status")).dump() + "\n"));
  CHECK(Json::parse(other.read_line().value_or("null"))["result"]["structuredContent"]["total"] ==
        1);
}

TEST_CASE("a session whose directory is gone is closed after a restart") {
  Client client({.files = {{"a.txt", "a"}, {"gone/b.txt", "b"}}, .workers = 0});
  client.initialize();
  const std::string handle =
      client.request(1, "tools/call",
                     {{"name", "session_open"},
                      {"arguments", {{"root", "gone"}}}})["result"]["structuredContent"]["session"];
  std::filesystem::remove_all(client.workspace.path("gone"));
  ServerProcess other({.argv = {kBinary, "serve", "--root", client.workspace.root(), "--state-dir",
                                client.state.root(), "--workers", "0"}});
  const auto call = [&](const char* tool, const Json& arguments) {
    REQUIRE(other.write_while_reading(modern(call_of(1, tool, arguments)).dump() + "\n"));
    return Json::parse(other.read_line().value_or("null"));
  };
  for (const char* tool : {"session_status", "session_update", "read_file"}) {
    Json arguments = {{"session", handle}};
    if (std::string(tool) == "read_file") arguments["path"] = "b.txt";
    if (std::string(tool) == "session_update") arguments["set"] = {{"a", "b"}};
    CHECK(text_of(call(tool, arguments)).find("close the session with session_close") !=
          std::string::npos);
  }
  const Json closed = call("session_close", {{"session", handle}});
  CHECK(closed["result"]["structuredContent"]["closed"] == true);
  CHECK(call("session_status", Json::object())["result"]["structuredContent"]["total"] == 1);
  CHECK(text_of(call("read_file", {{"path", "a.txt"}})).find("a") != std::string::npos);
}

}  // namespace
}  // namespace quarry::wire
