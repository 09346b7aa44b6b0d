// The rows SR-* of the attack table that need the whole server: what a hostile tree or pattern may
// cost in time and memory, and that the server is there afterwards.
//
// A run with QUARRY_LONG_TESTS=1 takes the sizes that the table names, and a file of 1 GiB; making
// them takes a minute.

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/client.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

bool long_run() {
  const char* const wanted = std::getenv("QUARRY_LONG_TESTS");
  return wanted != nullptr && std::atoi(wanted) > 0;
}

std::string call(Client& client, const std::string& tool, const Json& arguments) {
  return text_of(client.request("call", "tools/call", {{"name", tool}, {"arguments", arguments}}));
}

// Empty files n0, n1, ... in one directory.
void fill(const std::string& directory, int files) {
  fs::create_directories(directory);
  const int at = open(directory.c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(at >= 0);
  for (int i = 0; i < files; ++i) {
    const int made = openat(at, ("n" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0644);
    REQUIRE(made >= 0);
    close(made);
  }
  close(at);
}

// Directories d/d/d/... below `top`, deeper than any path that a system call takes, and a file in
// the last.
void dig(const std::string& top, int levels) {
  int at = open(top.c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < levels; ++i) {
    REQUIRE(mkdirat(at, "d", 0755) == 0);
    const int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
    REQUIRE(next >= 0);
    close(at);
    at = next;
  }
  close(openat(at, "needle", O_CREAT | O_WRONLY, 0644));
  close(at);
}

// Takes apart what dig() made: remove_all() goes down by recursion. One directory after another is
// moved up to where it can be named.
void fill_in(const std::string& top) {
  int at = open(top.c_str(), O_RDONLY | O_DIRECTORY);
  while (renameat(at, "d/d", at, "e") == 0) {
    unlinkat(at, "d", AT_REMOVEDIR);
    if (renameat(at, "e", at, "d") != 0) break;
  }
  unlinkat(at, "d/needle", 0);
  unlinkat(at, "d", AT_REMOVEDIR);
  close(at);
}

TEST_CASE("SR-07 a file of one line is searched in memory that does not grow with it") {
  Client client({.files = {{"small", "needle\n"}}, .workers = 2});
  client.initialize();
  // Under a sanitizer, which makes it slow, memory is not judged.
  const std::int64_t mebibytes = long_run() ? 1024 : kSanitized ? 16 : 64;
  const std::int64_t bytes = mebibytes << 20;
  {
    std::ofstream out(client.workspace.path("one_line"), std::ios::binary);
    const std::string end = "needle and behind";
    const std::string piece(1 << 16, 'x');
    for (std::int64_t left = bytes; left > 0; left -= 1 << 16) {
      out << (left > (1 << 16) ? piece : piece.substr(end.size()) + end);
    }
  }
  // Once, so that what a search needs anyway is there.
  call(client, "grep", {{"pattern", "needle"}, {"path", "small"}});
  const std::int64_t before = client.process.memory_kib("VmHWM");
  for (const Json& search : std::vector<Json>{
           {{"pattern", "needle"}},
           {{"pattern", "NEEDLE"}, {"ignore_case", true}},
           {{"pattern", "need[a-z]+ and"}},
           {{"pattern", "\\bneedle\\b"}, {"path", "one_line"}},
           {{"pattern", "e(?=edle)"}, {"path", "one_line"}},
       }) {
    INFO(search.dump());
    const std::string text = call(client, "grep", search);
    CHECK(text.size() < 4000);
    // A GiB may take longer than a call has, which is said.
    const bool cut = long_run() && text.find("incomplete: time was up") != std::string::npos;
    if (search["pattern"] != "\\bneedle\\b" && !cut) CHECK_THAT(text, Contains("one_line"));
    CHECK_THAT(text, Contains("searched in pieces"));
  }
  constexpr std::int64_t kMostKib = 24 << 10;
  if (!kSanitized) CHECK(client.process.memory_kib("VmHWM") - before < kMostKib);
  CHECK(client.alive());
}

TEST_CASE("SR-09 a directory of 200,000 files is searched and listed, whole or with a word") {
  const int files = long_run() ? 200'000 : 20'000;
  Client client({.files = {{"many/a", "needle\n"}}, .workers = 2});
  client.initialize();
  fill(client.workspace.path("many"), files);
  CHECK_THAT(call(client, "glob", {{"pattern", "n1999*"}, {"sort", "path"}}),
             Contains("many/n19990\n") && Contains(" of " + std::to_string(files + 1) + " files"));
  CHECK_THAT(call(client, "grep", {{"pattern", "needle"}}),
             Contains("many/a\n1:needle") &&
                 Contains("1 match in 1 of " + std::to_string(files + 1) + " files"));
  CHECK_THAT(call(client, "list_directory", {{"path", "many"}}),
             Contains("call again with offset"));
  CHECK(client.alive());
}

TEST_CASE("SR-09 directories 20,000 deep are searched as deep as is promised, and it is said") {
  Client client({.files = {{"a", "needle\n"}, {"deep/b", "needle\n"}}, .workers = 2});
  client.initialize();
  const std::string top = client.workspace.path("deep");
  dig(top, long_run() ? 20'000 : 3000);
  CHECK_THAT(call(client, "grep", {{"pattern", "needle"}}),
             Contains("2 matches in 2 of 2 files") && Contains("deep"));
  CHECK_THAT(call(client, "glob", {{"pattern", "needle"}}), Contains("0 of 2 files"));
  CHECK_THAT(call(client, "list_directory", {{"path", "deep"}, {"depth", 3}}), Contains("d/"));
  CHECK(client.alive());
  fill_in(top);
}

TEST_CASE("SR-06 SR-09 SR-15 what is no file is not opened: FIFOs, loops of links, odd names") {
  Client client({.files = {{"a", "needle\n"}}, .workers = 2});
  const std::string odd = client.workspace.path("caf\xE9 \x01");
  std::ofstream(odd) << "needle in an odd name\n";
  REQUIRE(mkfifo(client.workspace.path("fifo").c_str(), 0644) == 0);
  REQUIRE(mkfifo(client.workspace.path(".ignore").c_str(), 0644) == 0);
  client.workspace.link("loop", "loop");
  client.workspace.link("there", "here");
  client.workspace.link("here", "there");
  client.workspace.make_directory("in");
  client.workspace.link("..", "in/up");
  client.initialize();
  const std::string text = call(client, "grep", {{"pattern", "needle"}});
  CHECK_THAT(text, Contains("2 matches in 2 of 2 files") && Contains("4 symlinks, 2 special") &&
                       Contains("caf\\xe9 \\x01\n1:needle in an odd name"));
  CHECK_THAT(text, Contains(".ignore not read: not a regular file"));
  for (const char* path : {"fifo", "loop", "here"}) {
    INFO(path);
    const Json answer =
        client.request("one", "tools/call",
                       {{"name", "grep"}, {"arguments", {{"pattern", "needle"}, {"path", path}}}});
    CHECK(answer["result"].value("isError", false));
  }
  // The name that the answer shows leads to the file.
  CHECK_THAT(call(client, "read_file", {{"path", "caf\\xe9 \\x01"}}),
             Contains("needle in an odd name"));
  CHECK(client.alive());
}

TEST_CASE("SR-01 patterns that explode elsewhere are searched in a line of 100 KB") {
  const std::string line = std::string(100'000, 'a');
  Client client({.files = {{"trap", line + "!\n" + line + "b\n"}}, .workers = 2});
  client.initialize();
  struct Row {
    const char* pattern;
    const char* want;
  };
  for (const Row& row :
       {Row{"(a+)+$", "0 matches in 0 of 1 file"}, Row{"(a|a)*b", "1 match in 1 of 1 file"},
        Row{"(.*)*x", "0 matches in 0 of 1 file"}, Row{"(a?){30}a{30}", "2 matches in 1 of 1 file"},
        Row{"^(a|aa)+!?(?<=c)$", "1 line over the match limit"}}) {
    INFO(row.pattern);
    CHECK_THAT(call(client, "grep", {{"pattern", row.pattern}, {"output_mode", "count"}}),
               Contains(row.want));
  }
  CHECK(client.alive());
}

TEST_CASE("SR-10 SR-11 SR-12 globs and ignore files that are meant to harm") {
  std::string stars = "a";
  for (int i = 0; i < 30; ++i) stars += "*a";
  std::string rules;
  for (int i = 0; i < 200'000; ++i) rules += "rule" + std::to_string(i) + "\n";
  Client client({.files = {{"a/.gitignore", stars + "b\n"},
                           {"a/" + std::string(200, 'a'), "needle\n"},
                           {"b/.gitignore", rules},
                           {"b/rule7", "needle\n"},
                           {"c/f", "needle\n"}},
                 .workers = 2});
  client.workspace.link("../../outside", "c/.gitignore");
  std::ofstream(client.workspace.path("../outside")) << "f\n";
  client.initialize();
  const std::string text = call(client, "grep", {{"pattern", "needle"}});
  CHECK_THAT(text, Contains("3 matches in 3 of "));
  CHECK_THAT(text, Contains("b/.gitignore not read: over") && Contains("c/.gitignore not read"));
  for (const std::string& glob : {stars + "b", std::string("**/**/**/**/x")}) {
    CHECK_THAT(call(client, "glob", {{"pattern", glob}}), Contains("0 of "));
  }
  std::string braces;
  for (int i = 0; i < 20; ++i) braces += "{a,b}";
  for (const std::string& glob :
       {braces, std::string("["), std::string("../**"), std::string("/etc/*")}) {
    INFO(glob);
    for (const Json& asked :
         {Json{{"name", "glob"}, {"arguments", {{"pattern", glob}}}},
          Json{{"name", "grep"}, {"arguments", {{"pattern", "x"}, {"glob", glob}}}}}) {
      CHECK(client.request("g", "tools/call", asked)["result"].value("isError", false));
    }
  }
  const Json outside = {{"name", "grep"}, {"arguments", {{"pattern", "x"}, {"path", "../x"}}}};
  CHECK(client.request("o", "tools/call", outside)["result"].value("isError", false));
  CHECK(client.alive());
}

TEST_CASE("SR-09 files that change while they are read: every answer is whole and true") {
  Client client({.files = {{"still", "needle\n"}}, .workers = 2});
  client.initialize();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    const std::string big = std::string(300'000, 'x') + "\nneedle\n";
    for (int i = 0; !done; ++i) {
      const std::string path = client.workspace.path("moving" + std::to_string(i % 5));
      std::error_code error;
      switch (i % 4) {
        case 0:
          std::ofstream(path) << big;
          break;
        case 1:
          fs::resize_file(path, 100, error);
          break;
        case 2:
          fs::remove(path, error);
          break;
        default:
          std::ofstream(path, std::ios::app) << big;
      }
    }
  });
  const int rounds = kSanitized ? 20 : 100;
  for (int i = 0; i < rounds; ++i) {
    const std::string text = call(client, "grep", {{"pattern", "needle"}});
    CHECK_THAT(text, Contains("still\n1:needle\n"));
    CHECK(call(client, "glob", {{"pattern", "still"}}).find("still\n") == 0);
  }
  done = true;
  writer.join();
  CHECK(client.alive());
}

}  // namespace
}  // namespace quarry::wire
