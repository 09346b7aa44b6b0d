#include <catch2/catch.hpp>

#include "tests/tools/git/git_tools.h"

namespace quarry::tools {

extern const Tool git_diff;

namespace {

using test::GitTools;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("git_diff prints totals, a row a file and patches") {
  GitTools call{{"a", "1\n"}, {"b", "1\n"}, {"bin", "x"}};
  call.workspace.write("a", "2\n");
  call.workspace.write("bin", std::string("\0", 1));
  const std::string rows = "M a +1 -1\nM bin binary\n";
  const std::string head = "index -> working tree: 2 files, +1 -1\n";
  CHECK(call(git_diff, "{}") == head + rows + "\n" + call.git({"diff", "a"}));
  CHECK(call(git_diff, R"({"mode":"stat"})") == head + rows);
  CHECK(call(git_diff, R"({"mode":"names"})") == head + "M a\nM bin\n");
  CHECK(call(git_diff, R"({"path":"b"})") == "no differences between index and working tree\n");
  call.git({"add", "a"});
  const std::string id = call.git({"rev-parse", "--short", "HEAD"}).substr(0, 7);
  CHECK(call(git_diff, R"({"staged":true,"context_lines":"0"})") ==
        id + " -> index: 1 file, +1 -1\nM a +1 -1\n\n" + call.git({"diff", "--cached", "-U0"}));
  CHECK(call(git_diff, R"({"offset":5})") ==
        "index -> working tree: 1 file, +0 -0\noffset=5 is beyond the last file\n");
}

TEST_CASE("git_diff gives lock and generated files one line, unless asked for them") {
  GitTools call{{"a", "1\n"}, {"yarn.lock", "1\n"}};
  call.workspace.write("a", "2\n");
  call.workspace.write("yarn.lock", "2\n");
  const std::string text = call(git_diff, "{}");
  CHECK(contains(text,
                 "\nyarn.lock: lock file, +1 -1 not shown; call git_diff with "
                 "path='yarn.lock' to see it\n"));
  CHECK(!contains(text, "+++ b/yarn.lock"));
  CHECK(contains(call(git_diff, R"({"path":"yarn.lock"})"), "+++ b/yarn.lock"));
}

TEST_CASE("git_diff leaves patches, then rows out and says how to go on") {
  GitTools call{{"f", "1\n"}};
  for (int i = 10; i < 30; ++i) {
    call.workspace.write("file" + std::to_string(i), std::string(50, 'x') + "\n");
  }
  call.git({"add", "-A"});
  std::string seen;
  std::string offset = "0";
  int answers = 0;
  // Following the last line's arguments shows every patch once.
  for (; answers < 50; ++answers) {
    const std::string text = call(git_diff, R"({"staged":true,"offset":)" + offset + "}", 400);
    CHECK(text.size() < 400 * 4 + 300);
    seen += text;
    const std::size_t next = text.rfind("offset=");
    if (next == std::string::npos) break;
    offset = std::to_string(std::stoi(text.substr(next + 7)));
  }
  CHECK(answers > 1);
  CHECK(answers < 20);
  for (int i = 10; i < 30; ++i) {
    const std::string name = "+++ b/file" + std::to_string(i) + "\n";
    INFO(name);
    const std::size_t at = seen.find(name);
    REQUIRE(at != std::string::npos);
    CHECK(seen.find(name, at + 1) == std::string::npos);
  }
  const std::string few = call(git_diff, R"({"staged":true})", 100);
  CHECK(contains(few, "too many files for patches in one answer: counts only\n"));
  CHECK(contains(few, " more files; call git_diff again"));
  CHECK(few.find("+++") == std::string::npos);
}

TEST_CASE("git_diff does not call a patch too large that others left no room for") {
  GitTools call{{"f", "1\n"}};
  call.shell("seq 1 250000 > package-lock.json; seq 1 9 > small; seq 1 50000 > yarn.lock");
  call.shell("cp yarn.lock zz; git add -A");
  const std::string text = call(git_diff, R"({"staged":true})");
  CHECK(contains(text, "\npackage-lock.json: lock file, +250000 -0 not shown"));
  CHECK(contains(text, "+++ b/small\n"));
  CHECK(contains(text, "\nyarn.lock: lock file, +50000 -0 not shown"));
  CHECK(contains(text,
                 "\npatches of 1 more files left out; call git_diff again with the same arguments "
                 "and offset=3\n"));
  CHECK(!contains(text, "too large"));
  CHECK(contains(call(git_diff, R"({"staged":true,"offset":3})"), "+++ b/zz\n"));
  call.shell("seq 1 400000 > zz; git add -A");
  CHECK(contains(call(git_diff, R"({"staged":true,"offset":3})"),
                 "\nzz: the patch is too large to show\n"));
}

TEST_CASE("git_diff cuts one patch that is too long at a line") {
  GitTools call{{"f", "1\n"}};
  std::string text;
  for (int i = 0; i < 500; ++i) text += "line " + std::to_string(i) + "\n";
  call.workspace.write("f", text);
  const std::string cut = call(git_diff, "{}", 200);
  CHECK(cut.size() < 1200);
  CHECK(contains(cut, "\n+line 1\n"));
  CHECK(contains(cut,
                 " lines of this patch are shown; call git_diff with path='f' and a larger "
                 "max_tokens"));
}

TEST_CASE("git_diff refuses what it does not take, naming the argument") {
  GitTools call{{"f", "1\n"}};
  const std::pair<const char*, const char*> rows[] = {
      {R"({"from":"--output=x"})", "'from'"},
      {R"({"from":"none"})", "'from'"},
      {R"({"to":"HEAD"})", "'from'"},
      {R"({"from":"HEAD","to":"-x"})", "'to'"},
      {R"({"mode":"symbols"})", "'mode'"},
      {R"({"context":-1})", "'context'"},
      {R"({"staged":true,"from":"HEAD","to":"HEAD"})", "'to'"},
      {R"({"path":"../x"})", "path"},
      {R"({"hunks":[]})", "hunks"},
  };
  for (const auto& [arguments, name] : rows) {
    INFO(arguments);
    const std::string text = call(git_diff, arguments);
    INFO(text);
    CHECK(text.starts_with("error: "));
    CHECK(contains(text, name));
  }
}

TEST_CASE("git_diff shows no private key, and every other change beside it") {
  const auto key = [](char body) {
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + std::string(70, body) + "\n" +
           std::string(70, body) + "\nQUJD\n-----END OPENSSH PRIVATE KEY-----\n";
  };
  GitTools call{{"a", "1\n"}, {"deploy", key('a').c_str()}, {"gone", key('g').c_str()}};
  call.workspace.write("a", "2\n");
  call.workspace.write("deploy", key('b'));
  call.workspace.run({"rm", call.workspace.path("gone")});
  for (const char* context : {"0", "1", "3"}) {
    const std::string text = call(git_diff, std::string(R"({"context":)") + context + "}");
    INFO(text);
    CHECK(contains(text, "\ndeploy: a private key, whose changes are not shown\n"));
    CHECK(contains(text, "\ngone: a private key, whose changes are not shown\n"));
    CHECK(contains(text, "\n-1\n+2\n"));
    for (const char body : {'a', 'b', 'g'}) CHECK(!contains(text, std::string(20, body)));
  }
}

}  // namespace
}  // namespace quarry::tools
