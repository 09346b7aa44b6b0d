// Many changes of one file at once, of every kind that keeps the rest of it, through one pipe and
// from several servers: all there, none lost.

#include <catch2/catch.hpp>

#include "tests/wire/servers.h"

namespace quarry::wire {
namespace {

// The change `i` is one of these, in turn.
enum class Kind { kEdit, kEdits, kReplaceAll, kReplaceInFiles, kAppend };
constexpr int kKinds = 5;

Kind kind_of(int i) {
  return static_cast<Kind>(i % kKinds);
}

std::string name_of(int i) {
  return std::to_string(i) + ";";
}

// The lines that the change `i` is about, before and after it.
std::string lines_of(int i, bool done) {
  const std::string mark = (done ? "done " : "mark ") + name_of(i);
  switch (kind_of(i)) {
    case Kind::kEdit:
    case Kind::kReplaceInFiles:
      return mark + "\n";
    case Kind::kEdits:
      return mark + "\nbetween\n" + (done ? "also done " : "second ") + name_of(i) + "\n";
    case Kind::kReplaceAll:
      return mark + " " + mark + "\n" + mark + "\n";
    case Kind::kAppend:
      return done ? mark + "\n" : "";
  }
  return "";
}

std::string content(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += lines_of(i, /*done=*/false);
  return text;
}

Json change_of(int i) {
  const std::string mark = "mark " + name_of(i);
  const std::string done = "done " + name_of(i);
  switch (kind_of(i)) {
    case Kind::kEdit:
      return call_of(i, "edit_file",
                     {{"path", "file"}, {"old_string", mark}, {"new_string", done}});
    case Kind::kEdits:
      return call_of(i, "edit_file",
                     {{"path", "file"},
                      {"edits",
                       {{{"old_string", mark}, {"new_string", done}},
                        {{"old_string", "second " + name_of(i)},
                         {"new_string", "also done " + name_of(i)}}}}});
    case Kind::kReplaceAll:
      return call_of(
          i, "edit_file",
          {{"path", "file"}, {"old_string", mark}, {"new_string", done}, {"replace_all", true}});
    case Kind::kReplaceInFiles:
      return call_of(i, "replace_in_files",
                     {{"pattern", mark},
                      {"replacement", done},
                      {"path", "file"},
                      {"dry_run", false},
                      {"expected_count", 1}});
    case Kind::kAppend:
      return call_of(i, "write_file",
                     {{"path", "file"}, {"content", done + "\n"}, {"append", true}});
  }
  return nullptr;
}

// Every change was made exactly once, and nothing else.
void check_all(std::string text, int count) {
  for (int i = 0; i < count; ++i) {
    INFO(i);
    const std::string lines = lines_of(i, /*done=*/true);
    const std::size_t at = text.find(lines);
    REQUIRE(at != std::string::npos);
    text.erase(at, lines.size());
  }
  CHECK(text == "");
}

void check_no_leftovers(const TempWorkspace& workspace) {
  CHECK(workspace.run({"sh", "-c", "ls -A | grep -c quarry || true"}) == "0\n");
}

TEST_CASE("parallel changes of one file through one pipe are all made") {
  for (const int count : {20, 200}) {
    Client client({.files = {{"file", content(count)}}, .arguments = {"--no-fsync"}});
    client.initialize();
    std::string lines;
    for (int i = 0; i < count; ++i) lines += change_of(i).dump() + "\n";
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

TEST_CASE("changes of one file in many sessions at once are all made") {
  constexpr int kCount = 60;
  Client client({.files = {{"file", content(kCount)}}, .arguments = {"--no-fsync"}, .workers = 4});
  client.initialize();
  std::string lines;
  for (int i = 0; i < kCount; ++i) {
    const Json opened = client.request(1000 + i, "tools/call",
                                       {{"name", "session_open"}, {"arguments", Json::object()}});
    Json change = change_of(i);
    change["params"]["arguments"]["session"] = opened["result"]["structuredContent"]["session"];
    lines += change.dump() + "\n";
  }
  REQUIRE(client.process.write_while_reading(lines));
  for (int i = 0; i < kCount; ++i) {
    const Json answer = client.receive();
    INFO(answer.dump());
    CHECK_FALSE(answer.at("result").contains("isError"));
  }
  check_all(client.workspace.read("file"), kCount);
}

TEST_CASE("changes of one file from four servers at once are all made") {
  constexpr int kServers = 4;
  for (const int count : {20, 200}) {
    Servers servers(kServers, {.files = {{"file", content(count)}}, .arguments = {"--no-fsync"}});
    for (int i = 0; i < count; ++i) servers.send(i, change_of(i));
    for (int i = 0; i < count; ++i) {
      const Json answer = servers.receive(i);
      INFO(answer.dump());
      CHECK_FALSE(answer.at("result").contains("isError"));
    }
    check_all(servers.workspace().read("file"), count);
    check_no_leftovers(servers.workspace());
  }
}

}  // namespace
}  // namespace quarry::wire
