// What is learnt of a tree's content makes searches faster and never other: a server with the index
// beside one that keeps nothing. And a search at a revision that is cancelled half way.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <signal.h>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

// More files than make an index worth while, of words that some have and some have not.
std::map<std::string, std::string> tree_worth_learning() {
  const char* const words[] = {"apple", "Banana", "cherry", "date", "elder", "fig", "grape"};
  std::map<std::string, std::string> files;
  for (unsigned i = 0; i < 700; ++i) {
    const std::string directory = "d" + std::to_string(i % 23) + "/";
    std::string& content = files[directory + "f" + std::to_string(i) + (i % 3 == 0 ? ".c" : ".h")];
    for (unsigned line = 0; line < 12; ++line) {
      content += words[(i * 7 + line * line) % 7];
      content += "_" + std::to_string((i * 31 + line) % 97) + " = " + words[(i + line) % 5] + ";\n";
    }
    if (i % 100 == 7) content += "a raid6_datap_recov here\n";
    if (i % 90 == 3) content += std::string("\0binary", 7);
    if (i % 80 == 5) content += "caf\xE9 au lait\n";
  }
  // In path order these stand before, between and behind the directories.
  for (const char* path : {"README", "d1.c", "d22a", "zz"}) {
    files[path] = "apple_3 = fig; raid6_datap_recov\n";
  }
  files[".gitignore"] = "/d3/\n";
  return files;
}

// A server on somebody else's workspace.
class Beside {
 public:
  Beside(const TempWorkspace& workspace, std::vector<std::string> arguments)
      : process_({.argv = command_line(workspace, state_,
                                       {.arguments = std::move(arguments), .workers = 2})}) {}

  Json call(const std::string& tool, const Json& arguments) {
    REQUIRE(process_.write_while_reading(modern(call_of("one", tool, arguments)).dump() + "\n"));
    const auto line = process_.read_line();
    INFO(process_.stderr_text());
    REQUIRE(line);
    return Json::parse(*line);
  }
  Json index() {
    const Json status = call("server_status", {{"detail", "metrics"}});
    return status["result"]["structuredContent"]["content_index"];
  }

 private:
  TempWorkspace state_;
  ServerProcess process_;
};

// Searches that had to read many files make it learn; the status says when it has.
void learn(Beside& server) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (int number = 0;; ++number) {
    server.call("grep", {{"pattern", "learn_this_" + std::to_string(number)}});
    const Json facts = server.index();
    if (facts["files"] > 256 && facts["directories_waiting"] == 0) return;
    INFO(facts.dump());
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(Millis{20});
  }
}

// Takes out the line that says that the index was of no use; whether it was there.
bool drop_scan_note(Json& result) {
  std::string text = result["content"][0]["text"];
  const std::size_t note = text.find("note: read every file: no text of 3 characters");
  if (note == std::string::npos) return false;
  result["content"][0]["text"] = text.erase(note, text.find('\n', note) + 1 - note);
  return true;
}

TEST_CASE("a search answers the same with an index of the tree as without") {
  const TempWorkspace workspace(tree_worth_learning());
  Beside plain(workspace, {"--no-cache"});
  Beside learnt(workspace, {});
  learn(learnt);
  const std::uint64_t before = learnt.index()["searches"];
  const std::vector<Json> searches = {
      {{"pattern", "raid6_datap_recov"}},
      {{"pattern", "raid6_datap_recov"}, {"path", "d7"}},
      {{"pattern", "raid6_datap_recov"}, {"output_mode", "files_with_matches"}, {"offset", 3}},
      {{"pattern", "raid6_datap_recov"}, {"head_limit", 3}, {"offset", 2}},
      {{"pattern", "raid6_datap_recov"}, {"glob", "*"}, {"output_mode", "count"}},
      {{"pattern", "RAID6_DATAP"}, {"ignore_case", true}},
      {{"pattern", "zqxjkvqqw"}},
      {{"pattern", "banana_1"}},  // with the other case there is something
      {{"pattern", "apple_[0-9]+ = fig"}, {"output_mode", "count"}},
      {{"pattern", "(grape|cherry)_96"}, {"output_mode", "files_with_matches"}},
      {{"pattern", "elder_5\\b"}, {"context", 1}},
      {{"pattern", "date_1"}, {"word", true}},
      {{"pattern", "fig_12"}, {"glob", "*.c"}},
      {{"pattern", "fig_12"}, {"type", "h"}, {"output_mode", "count"}},
      {{"pattern", "caf\xC3\xA9"}},
      {{"pattern", "binary"}, {"output_mode", "count"}},
      {{"pattern", "apple_3"}, {"include_ignored", true}, {"output_mode", "count"}},
      {{"pattern", ";\\nraid6|fig;\\ncherry_7"}, {"multiline", true}},
      {{"pattern", "."}, {"output_mode", "count"}, {"head_limit", 20}, {"offset", 300}},
  };
  for (const Json& search : searches) {
    INFO(search.dump());
    const Json want = plain.call("grep", search)["result"];
    CHECK(want.value("isError", false) == false);
    Json got = learnt.call("grep", search)["result"];
    CHECK(drop_scan_note(got) == (search["pattern"] == "."));
    CHECK(got == want);
  }
  CHECK(learnt.index()["searches"] > before);
  // What has changed since is searched as it is now.
  for (const char* path : {"d1/f1.h", "d2/new.c"}) workspace.write(path, "x zqxjkvqqw\n");
  const Json search = {{"pattern", "zqxjkvqqw"}};
  CHECK(text_of(plain.call("grep", search)) == text_of(learnt.call("grep", search)));
  CHECK(text_of(learnt.call("grep", search)).find("d2/new.c\n1:x zqxjkvqqw") != std::string::npos);
}

TEST_CASE("what is written through one name of a file is found under all of them") {
  const TempWorkspace workspace(tree_worth_learning());
  Beside plain(workspace, {"--no-cache"});
  Beside learnt(workspace, {});
  learn(learnt);
  const std::vector<std::pair<const char*, Json>> questions = {
      {"grep", {{"pattern", "zqxjkvqqw"}}},
      {"grep", {{"pattern", "zqxjkvqqw"}, {"path", "d2"}}},
      {"glob", {{"pattern", "*.h"}, {"max_results", 3}}},
      {"glob", {{"pattern", "*.h"}, {"path", "d2"}, {"max_results", 1}}},
      {"list_directory", {{"path", "d2"}, {"sizes", true}}},
      {"analyze_repository", Json::object()}};
  const auto same = [&](const char* when) {
    for (const auto& [tool, arguments] : questions) {
      INFO(when << ": " << tool << arguments.dump());
      CHECK(text_of(learnt.call(tool, arguments)) == text_of(plain.call(tool, arguments)));
    }
  };
  same("before");
  const std::string one = workspace.path("d2/f2.h");
  for (const char* const other : {"d5/other.h", "d3/ignored.h", "new/other.h"}) {
    std::filesystem::create_directories(std::filesystem::path(workspace.path(other)).parent_path());
    std::filesystem::create_hard_link(one, workspace.path(other));
    for (const char* const when : {"with the link", "and then"}) {
      std::ofstream(workspace.path(other), std::ios::app) << "zqxjkvqqw\n";
      same(when);
    }
  }
}

TEST_CASE("no index is made when its limit is 0") {
  const TempWorkspace workspace(tree_worth_learning());
  Beside with(workspace, {});
  Beside without(workspace, {"--limit", "index_bytes=0"});
  // As many searches as make the one learn leave the other as it was.
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (int number = 0;; ++number) {
    const Json search = {{"pattern", "learn_this_" + std::to_string(number)}};
    CHECK(text_of(with.call("grep", search)) == text_of(without.call("grep", search)));
    if (with.index()["files"] > 256 && with.index()["directories_waiting"] == 0) break;
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(Millis{20});
  }
  CHECK(without.index()["files"] == 0);
  CHECK(without.index()["bytes"] == 0);
}

TEST_CASE("a search at a revision that is cancelled on its way is not answered, the next one is") {
  std::map<std::string, std::string> files = big_tree();
  unsigned number = 0;
  // Each content is a blob of its own.
  for (auto& [path, content] : files) content += "needle " + std::to_string(number++) + "\n";
  // Nothing that was read is kept.
  Client client({.files = files, .arguments = {"--limit", "revision_bytes=1"}, .workers = 2});
  client.workspace.run({"git", "init", "-q", "."});
  client.workspace.run({"git", "add", "-A"});
  client.workspace.run({"git", "commit", "-q", "-m", "all"});
  client.initialize();
  const auto grep_head = [](const Json& id, const char* pattern) {
    return call_of(id, "grep", {{"pattern", pattern}, {"ref", "HEAD"}, {"output_mode", "count"}});
  };
  client.send(grep_head("first", "^needle 7$"));
  CHECK(text_of(client.receive()).find("1 match in 1 of 600 files") != std::string::npos);
  for (int i = 0; i < 3; ++i) {
    // The helper that reads objects stands still: the search cannot be over.
    const std::vector<int> helpers = children_of(client.process.pid());
    REQUIRE_FALSE(helpers.empty());
    for (const int helper : helpers) kill(helper, SIGSTOP);
    client.send(grep_head("cancelled", "^needle 8$"));
    std::this_thread::sleep_for(Millis{20});
    client.send(cancel_of("cancelled"));
    client.send(request_of("after", "ping"));
    CHECK(client.receive()["id"] == "after");
    for (const int helper : helpers) kill(helper, SIGCONT);
    client.send(grep_head("next", "^needle 9$"));
    const Json next = client.receive();
    CHECK(next["id"] == "next");
    CHECK(text_of(next).find("1 match in 1 of 600 files") != std::string::npos);
  }
}

}  // namespace
}  // namespace quarry::wire
