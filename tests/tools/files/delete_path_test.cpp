#include <sys/stat.h>
#include <unistd.h>

#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool delete_path;
extern const Tool undo;

namespace {

using Catch::Contains;
using test::ChangeCall;
using Names = std::vector<std::string>;

TEST_CASE("delete_path deletes a file, a link itself, an empty directory, a tree when asked") {
  ChangeCall call({{"a.txt", "a"}, {"d/e/f.txt", "f"}, {"keep", "k"}});
  call.files.link("keep", "link");
  call.files.make_directory("empty");
  CHECK_THAT(call(delete_path, R"({"path":"a.txt"})"),
             Catch::StartsWith("deleted a.txt\nchange ") && Contains("; undo takes it back\n"));
  CHECK_THAT(call(delete_path, R"({"file_path":"link"})"),
             Contains("deleted link (a symbolic link"));
  CHECK_THAT(call(delete_path, R"({"path":"empty/"})"), Contains("deleted empty/\n"));
  CHECK_THAT(call(delete_path, R"({"path":"d"})"), Contains("recursive=true"));
  CHECK_THAT(call(delete_path, R"({"path":"d","recursive":true})"),
             Contains("deleted d/ with 2 below it\n"));
  CHECK(call.names() == Names{"keep"});
}

TEST_CASE("delete_path says that a file has other names") {
  ChangeCall call({{"a", "x"}, {"b", "y"}, {"c", "z"}});
  REQUIRE(link(call.files.path("a").c_str(), call.files.path("other").c_str()) == 0);
  CHECK_THAT(call(delete_path, R"({"path":"a"})"),
             Catch::StartsWith("deleted a (a hard link; the file stays under its other names)\n"));
  CHECK_THAT(call(delete_path, R"({"path":"other"})"), Catch::StartsWith("deleted other\n"));
}

TEST_CASE("delete_path deletes what is too large to be kept when it is told to, for good") {
  ChangeCall call({{"small", "x"}, {"d/f", "x"}, {"old", "x"}});
  call.files.write("big", "");
  std::filesystem::resize_file(call.files.path("big"), std::uintmax_t{65} << 20U);
  const std::string refused = call(delete_path, R"({"path":"big"})");
  CHECK_THAT(refused, Catch::StartsWith("error: ") && Contains("--limit change_bytes=") &&
                          Contains("permanent=true"));
  CHECK_THAT(call(delete_path, R"({"path":"old"})"), Contains("; undo takes it back"));
  CHECK_THAT(call(delete_path, R"({"path":"big","permanent":true})"),
             Contains("deleted big\n") && Contains("nothing was kept"));
  CHECK_THAT(call(delete_path, R"({"path":"d","recursive":true,"permanent":true})"),
             Contains("nothing was kept"));
  CHECK_THAT(call(undo, "{}"),
             Contains("deleted files for good and stays") && Contains("old made again"));
  CHECK(call.names() == Names{"old", "small"});
}

TEST_CASE("delete_path deletes a tree of more than a change takes, when told to for good") {
  ChangeCall call({{"keep", "k"}, {"safe/z/.git/HEAD", "x"}});
  for (int i = 0; i < 120; ++i) {
    for (const std::string_view top : {"tree", "safe"}) {
      std::filesystem::create_directories(call.files.path(fmt::format("{}/{}", top, i)));
    }
    for (int j = 0; j < 90; ++j) {
      for (const std::string_view top : {"tree", "safe"}) {
        std::ofstream(call.files.path(fmt::format("{}/{}/{}", top, i, j))).put('x');
      }
    }
  }
  CHECK_THAT(call(delete_path, R"({"path":"tree","recursive":true})"),
             Contains("more than 10000 files") && Contains("permanent=true"));
  CHECK_THAT(
      call(delete_path, R"({"path":"tree","recursive":true,"permanent":true})"),
      Contains("deleted tree/ with 10920 below it\nchange ") && Contains("nothing was kept"));
  std::filesystem::create_directories(call.files.path("empty/directories"));
  CHECK_THAT(call(delete_path, R"({"path":"empty","recursive":true,"permanent":true})"),
             Contains("nothing was kept"));
  CHECK_THAT(call(delete_path, R"({"path":"safe","recursive":true,"permanent":true})"),
             Catch::StartsWith("error: ") && Contains("git directory"));
  CHECK(call.names().size() == 3 + 2 + 120 * 91 - 1 + 1);
  CHECK_THAT(call(undo, "{}"), Contains("no change that could be undone"));
}

TEST_CASE("delete_path deletes for good whatever little one change may take") {
  Limits limits;
  REQUIRE(limits.set("change_files=3"));
  std::map<std::string, std::string> content{{"keep", "k"}};
  for (int i = 0; i < 10; ++i) content[fmt::format("d/e{}/f", i)] = "x";
  ChangeCall call(content, limits);
  CHECK_THAT(call(delete_path, R"({"path":"d","recursive":true})"),
             Contains("more than 3 files") && Contains("permanent=true"));
  CHECK_THAT(call(delete_path, R"({"path":"d","recursive":true,"permanent":true})"),
             Contains("deleted d/ with 20 below it\n"));
  CHECK(call.names() == Names{"keep"});
}

TEST_CASE("delete_path deletes pipes and sockets when it is told to, alone and in a tree") {
  ChangeCall call({{"d/f", "x"}, {"keep", "k"}});
  REQUIRE(mkfifo(call.files.path("pipe").c_str(), 0600) == 0);
  REQUIRE(mkfifo(call.files.path("d/pipe").c_str(), 0600) == 0);
  for (const char* arguments : {R"({"path":"pipe"})", R"({"path":"d","recursive":true})"}) {
    CHECK_THAT(call(delete_path, arguments), Catch::StartsWith("error: ") &&
                                                 Contains("pipe' is a pipe") &&
                                                 Contains("permanent=true"));
  }
  CHECK(call.files.read("d/f") == "x");
  CHECK_THAT(call(delete_path, R"({"path":"pipe","permanent":true})"),
             Contains("deleted pipe\n") && Contains("nothing was kept"));
  CHECK_THAT(call(delete_path, R"({"path":"d","recursive":true,"permanent":true})"),
             Contains("deleted d/ with 2 below it\n") && Contains("nothing was kept"));
  CHECK(call.names() == Names{"keep"});
}

TEST_CASE("delete_path says what it does not delete") {
  ChangeCall call({{"a", "a"}, {".git/HEAD", "x"}, {"sub/.git/HEAD", "x"}});
  call.files.link("/etc", "away");
  test::check_mistakes(call, delete_path,
                       {{R"({"path":"none"})", "none"},
                        {R"({"path":"none/at/all"})", "does not exist"},
                        {R"({"path":"a/b"})", "not a directory"},
                        {R"({"path":"."})", "the root itself"},
                        {R"({"path":""})", "path"},
                        {R"({"path":"../x"})", ".."},
                        {R"({"path":"/etc/passwd"})", "path"},
                        {R"({"path":"away/passwd"})", "outside"},
                        {R"({"path":".git","recursive":true})", "git directory"},
                        {R"({"path":"sub","recursive":true})", "git directory"},
                        {R"({})", "path"}});
}

}  // namespace
}  // namespace quarry::tools
