#include <catch2/catch.hpp>

#include "tests/tools/git/git_tools.h"

namespace quarry::tools {

extern const Tool git_status;

namespace {

using test::GitTools;

TEST_CASE("git_status shows groups of rows and the same facts as a record") {
  GitTools call{{"a", "1\n"}, {"b", "1\n"}, {".gitignore", "*.o\n"}};
  call.git({"mv", "a", "moved"});
  call.workspace.write("b", "2\n");
  call.workspace.write("new\nline", "x");
  call.workspace.write("x.o", "x");
  CHECK(call(git_status, "{}") ==
        "## main\n"
        "staged (1):\nR  a -> moved\n"
        "unstaged (1):\n M b\n"
        "untracked (1):\n?? new\\x0aline\n");
  const std::string head = call.git({"rev-parse", "HEAD"}).substr(0, 40);
  CHECK(
      call.structured ==
      R"({"branch":"main","head":")" + head +
          R"(","detached":false,"unborn":false,"upstream":"","ahead":0,"behind":0,)"
          R"("operation":"","conflicts":[],"staged":[{"code":"R","path":"moved","old_path":"a"}],)"
          R"("unstaged":[{"code":"M","path":"b"}],)"
          R"("untracked":[{"code":"?","path":"new\\x0aline"}],)"
          R"("counts":{"conflicts":0,"staged":1,"unstaged":1,"untracked":1,"ignored":0},)"
          R"("clean":false,"truncated":false})");
  CHECK(call(git_status, R"({"ignored":true,"path":"x.o"})") ==
        "## main\nignored (1):\n!! x.o\nclean below this path\n");
}

TEST_CASE("git_status says who did what to a file in conflict") {
  GitTools call{{"kept", "1\n"}, {"both", "1\n"}};
  call.git({"checkout", "-q", "-b", "side"});
  call.git({"rm", "-q", "kept"});
  call.workspace.write("both", "theirs\n");
  call.commit("side");
  call.git({"checkout", "-q", "main"});
  call.workspace.write("kept", "ours\n");
  call.workspace.write("both", "ours\n");
  call.commit("main");
  call.shell("git merge -q side >/dev/null; true");
  CHECK(call(git_status, "{}") ==
        "## main\nin progress: merge\nconflicts (2):\nUU both\nUD kept\n");
  CHECK(call.structured.find(R"("conflicts":[{"code":"UU","path":"both"},)"
                             R"({"code":"UD","path":"kept"}])") != std::string::npos);
}

TEST_CASE("git_status says when all is clean, unborn, detached or apart from its upstream") {
  GitTools call;
  CHECK(call(git_status, "{}") == "error: no git repository at the root of this session");
  call.init();
  CHECK(call(git_status, "{}") == "## main (no commit yet)\nclean\n");
  call.workspace.write("f", "1\n");
  call.commit("first");
  call.shell(
      "git clone -q . ../up && git remote add origin ../up && git fetch -q && git branch -q "
      "-u origin/main");
  CHECK(call(git_status, "{}") == "## main...origin/main\nclean\n");
  call.commit("second");
  CHECK(call(git_status, "{}") == "## main...origin/main [ahead 1]\nclean\n");
  CHECK(call.structured.find("gone") == std::string::npos);
  call.git({"update-ref", "-d", "refs/remotes/origin/main"});
  CHECK(call(git_status, "{}") == "## main...origin/main [gone]\nclean\n");
  CHECK(call.structured.find(R"("upstream":"origin/main","upstream_gone":true)") !=
        std::string::npos);
  call.git({"checkout", "-q", "--detach"});
  CHECK(call(git_status, "{}") ==
        "## HEAD (detached at " + call.git({"rev-parse", "HEAD"}).substr(0, 10) + ")\nclean\n");
}

TEST_CASE("git_status keeps to its budget with whole counts") {
  GitTools call{{"f", "1\n"}};
  for (int i = 100; i < 200; ++i) call.workspace.write("file" + std::to_string(i), "x");
  const std::string text = call(git_status, "{}", 500);
  CHECK(text.find("untracked (100):\n?? file100\n") != std::string::npos);
  CHECK(text.find("file199") == std::string::npos);
  CHECK(text.ends_with("... 80 more\nrows were left out; narrow with path or raise max_tokens\n"));
  CHECK(call.structured.find(R"("untracked":100)") != std::string::npos);
  CHECK(call.structured.find(R"("truncated":true)") != std::string::npos);
}

TEST_CASE("git_status refuses what it does not take, naming the argument") {
  GitTools call{{"f", "1\n"}};
  for (const char* arguments : {R"({"path":7})", R"({"path":"../x"})", R"({"ignored":"maybe"})",
                                R"({"pathh":"f"})", R"({"path":"/etc"})"}) {
    INFO(arguments);
    const std::string text = call(git_status, arguments);
    CHECK(text.starts_with("error: "));
    CHECK((text.find("path") != std::string::npos || text.find("ignored") != std::string::npos));
  }
}

}  // namespace
}  // namespace quarry::tools
