#include "tests/support/faulty_process.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool move_path;
extern const Tool undo;

namespace {

using Catch::Contains;
using test::ChangeCall;
using Names = std::vector<std::string>;

TEST_CASE("move_path moves, renames and copies, and makes the directories of the destination") {
  ChangeCall call({{"a.txt", "a"}, {"d/e.txt", "e"}});
  CHECK_THAT(call(move_path, R"({"source":"a.txt","destination":"new/b.txt"})"),
             Catch::StartsWith("moved a.txt to new/b.txt\nchange "));
  CHECK_THAT(call(move_path, R"({"from":"d","to":"new/"})"), Contains("moved d/ to new/d/\n"));
  CHECK_THAT(call(move_path, R"({"source":"new/d","destination":"copy","copy":true})"),
             Contains("copied new/d/ to copy/\n"));
  CHECK(call.names() == Names{"copy/", "copy/e.txt", "new/", "new/b.txt", "new/d/", "new/d/e.txt"});
}

TEST_CASE("move_path replaces a file only when told to, and a link as a link") {
  ChangeCall call({{"a", "a"}, {"b", "b"}, {"c", "c"}});
  call.files.link("c", "link");
  CHECK_THAT(call(move_path, R"({"source":"a","destination":"b"})"), Contains("overwrite=true"));
  CHECK(call.files.read("b") == "b");
  CHECK_THAT(call(move_path, R"({"source":"a","destination":"b","overwrite":true})"),
             Contains("replacing what was there"));
  CHECK(call.files.read("b") == "a");
  CHECK_THAT(call(move_path, R"({"source":"b","destination":"link","overwrite":true})"),
             Contains("moved b to link"));
  CHECK(call.files.read("link") == "a");
  CHECK(call.files.read("c") == "c");
}

TEST_CASE("move_path replaces another name of the same file, and the other content stays") {
  ChangeCall call(std::map<std::string, std::string>{{"a", "same"}});
  std::filesystem::create_hard_link(call.files.path("a"), call.files.path("b"));
  CHECK_THAT(call(move_path, R"({"source":"a","destination":"b","overwrite":true})"),
             Contains("moved a to b"));
  CHECK(call.names() == Names{"b"});
  call(undo, "{}");
  CHECK(call.names() == Names{"a", "b"});
  CHECK(call.files.read("a") == "same");
  CHECK(call.files.read("b") == "same");
}

TEST_CASE("move_path copies nothing over what is the same, and tells so of what it shows") {
  ChangeCall call({{"a", "same"}, {"b", "same"}, {"run", "same"}, {".env", "same"}});
  std::filesystem::permissions(call.files.path("run"), std::filesystem::perms(0755));
  call.files.link("a", "link");
  call.files.link("a", "other");
  const auto copy = [&](const char* to, const char* from = "a") {
    return call(move_path,
                fmt::format(R"({{"src":"{}","dst":"{}","copy":true,"overwrite":true}})", from, to));
  };
  CHECK(copy("b") == "b is as a already; nothing was changed\n");
  CHECK(copy("link", "other") == "link is as other already; nothing was changed\n");
  CHECK_THAT(call(undo, "{}"), Contains("no change"));
  CHECK_THAT(copy(".env"), Contains("copied a to .env, replacing what was there\nchange "));
  CHECK_THAT(copy("run"), Contains("copied a to run, replacing what was there\nchange "));
  CHECK_THAT(copy("link"), Contains("copied a to link, replacing what was there\nchange "));
}

TEST_CASE("move_path: a file that is replaced is there at every moment") {
  if (!test::can_trace()) return;
  for (std::size_t at = 1;; ++at) {
    ChangeCall call({{"a", "new"}, {"b", "old"}});
    const test::TempWorkspace state;
    const auto ran = test::run_with(
        {.kind = test::Fault::Kind::kKilledAfter, .at = at}, [&](test::Window& window) {
          test::ToolCaller inside(call.files.root(), state.root(), /*sync=*/true);
          window.open();
          std::string answer =
              inside(move_path, R"({"source":"a","destination":"b","overwrite":true})");
          window.close();
          return answer;
        });
    if (!ran.killed) {
      CHECK(at > 10);
      break;
    }
    INFO("killed after call " << at);
    REQUIRE(std::filesystem::exists(call.files.path("b")));
    const bool moved = !std::filesystem::exists(call.files.path("a"));
    CHECK(call.files.read("b") == (moved ? "new" : "old"));
    // The next server knows which it was, and takes all of it back.
    test::ToolCaller next(call.files.root(), state.root());
    const std::string undone = next(undo, "{}");
    CHECK_THAT(undone, moved ? Contains("moved back to a") : Contains("no change"));
    CHECK(call.files.read("a") == "new");
    CHECK(call.files.read("b") == "old");
  }
}

TEST_CASE("move_path says what it does not move") {
  ChangeCall call({{"a", "a"}, {"d/e", "e"}, {"f/g", "g"}, {".git/HEAD", "x"}, {".env", "K=1"}});
  call.files.link("/etc", "away");
  test::check_mistakes(
      call, move_path,
      {{R"({"source":"none","destination":"b"})", "none"},
       {R"({"source":"a","destination":"a"})", "the same"},
       {R"({"source":"a","destination":"./d/../a"})", ".."},
       {R"({"source":"d","destination":"d/x"})", "into itself"},
       {R"({"source":"d","destination":"d/x","copy":true})", "into itself"},
       {R"({"source":"d","destination":"f"})", "'f/'"},
       {R"({"source":"a","destination":"d"})", "'d/'"},
       {R"({"source":"d","destination":"a","overwrite":true})", "exists already; a directory"},
       {R"({"source":"a","destination":"d/e/x"})", "not a directory"},
       {R"({"source":"a","destination":"../x"})", ".."},
       {R"({"source":"a","destination":"/tmp/x"})", "destination"},
       {R"({"source":"a","destination":"away/x"})", "outside"},
       {R"({"source":"away/passwd","destination":"x"})", "outside"},
       {R"({"source":".","destination":"x"})", "the root itself"},
       {R"({"source":"a","destination":".git/x"})", "git directory"},
       {R"({"source":".git","destination":"x"})", "git directory"},
       {R"({"source":".env","destination":"env.txt"})", "secrets"},
       {R"({"source":".env","destination":"e.txt","copy":true})", "secrets"},
       {R"({"source":"a"})", "destination"}});
  CHECK(call.files.read("a") == "a");
}

}  // namespace
}  // namespace quarry::tools
