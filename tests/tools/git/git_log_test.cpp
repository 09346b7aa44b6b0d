#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/tools/git/git_tools.h"

namespace quarry::tools {

extern const Tool git_log;

namespace {

using test::GitTools;

std::string short_id(const GitTools& call, const std::string& ref) {
  return call.git({"rev-parse", ref}).substr(0, 10);
}

TEST_CASE("git_log prints a line a commit and how to go on") {
  GitTools call{{"f", "1\n"}};
  call.git({"tag", "v1"});
  call.commit("second\n\nwith a body");
  call.commit("third \x1b[31m");
  CHECK(call(git_log, R"({"max_count":2})") ==
        short_id(call, "HEAD") + " 2024-01-02 Ann: third  [31m (HEAD -> main)\n" +
            short_id(call, "HEAD~1") + " 2024-01-02 Ann: second\n" +
            "more commits match; call git_log again with the same arguments and skip=2\n");
  CHECK(call(git_log, R"({"limit":"2","skip":2})") ==
        short_id(call, "HEAD~2") + " 2024-01-02 Ann: first (tag: v1)\n");
  CHECK(call(git_log, R"({"skip":9})") == "no further commits match\n");
  CHECK(call(git_log, R"({"path":"none"})") == "no commits match\n");
  CHECK(call(git_log, R"({"grep":"SEC","author":"ann@"})") ==
        short_id(call, "HEAD~1") + " 2024-01-02 Ann: second\n");
  CHECK(call(git_log, R"({"ref":"HEAD~2..HEAD~1","path":"."})") ==
        short_id(call, "HEAD~1") + " 2024-01-02 Ann: second\n");
}

TEST_CASE("git_log takes a message's first paragraph for its subject, as git does") {
  GitTools call{{"f", "1\n"}};
  for (const char* message :
       {"one\ntwo  \n\nbody\n", "one\r\n\r\nbody", "\n \n one\n\ttwo\n \nbody", "one"}) {
    call.git({"commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message});
    std::string subject = call.git({"log", "-1", "--format=%s"});
    std::replace(subject.begin(), subject.end(), '\t', ' ');
    INFO(message);
    CHECK(call(git_log, R"({"max_count":1})")
              .starts_with(short_id(call, "HEAD") + " 2024-01-02 Ann: " +
                           subject.substr(0, subject.size() - 1) + " (HEAD -> main)\n"));
  }
}

TEST_CASE("git_log prints whole commits and changed files") {
  GitTools call{{"f", "1\n"}};
  call.git({"mv", "f", "g"});
  call.commit("subject\n\nbody\n\n  indented");
  const std::string id = call.git({"rev-parse", "HEAD"}).substr(0, 40);
  CHECK(call(git_log, R"({"format":"full","max_count":1})") ==
        "commit " + id +
            " (HEAD -> main)\nauthor: Ann <ann@example.org>\n"
            "date:   2024-01-02 03:04:05 +0000\n\n    subject\n\n    body\n\n      indented\n\n"
            "more commits match; call git_log again with the same arguments and skip=1\n");
  CHECK(call(git_log, R"({"format":"stat","path":"g"})") ==
        short_id(call, "HEAD") + " 2024-01-02 Ann: subject (HEAD -> main)\n  R f -> g +0 -0\n" +
            short_id(call, "HEAD~1") + " 2024-01-02 Ann: first\n  A f +1 -0\n");
}

TEST_CASE("git_log bounds by date in the forms that callers use") {
  GitTools call{{"f", "1\n"}};
  git::test::set_dates("2024-03-04T12:00:00Z");
  call.commit("march");
  const std::string march = short_id(call, "HEAD") + " 2024-03-04 Ann: march (HEAD -> main)\n";
  const std::string first = short_id(call, "HEAD~1") + " 2024-01-02 Ann: first\n";
  CHECK(call(git_log, R"({"since":"2024-03-04"})") == march);
  CHECK(call(git_log, R"({"since":"2024-03-05"})") == "no commits match\n");
  CHECK(call(git_log, R"({"until":"2024-03-04"})") == march + first);
  CHECK(call(git_log, R"({"until":"2024-03-03"})") == first);
  CHECK(call(git_log, R"({"since":"2 weeks ago"})") == "no commits match\n");
  CHECK(call(git_log, R"({"since":"30 years ago"})") == march + first);
  CHECK(call(git_log, R"({"since":"whenever"})").starts_with("error: argument 'since'"));
}

TEST_CASE("git_log keeps to its budget by whole commits") {
  GitTools call{{"f", "1\n"}};
  for (int i = 0; i < 30; ++i)
    call.commit("commit with a rather long subject " + std::to_string(i));
  const std::string text = call(git_log, "{}", 200);
  CHECK(text.size() < 900);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  CHECK(text.ends_with("skip=" + std::to_string(lines - 1) + "\n"));
  call.commit(std::string(5000, 'x'));
  CHECK(call(git_log, "{}", 200).find("(this commit is cut at max_tokens)") != std::string::npos);
}

TEST_CASE("git_log refuses what it does not take, naming the argument") {
  GitTools call{{"f", "1\n"}};
  const std::pair<const char*, const char*> rows[] = {
      {R"({"ref":"-x"})", "'ref'"},
      {R"({"ref":"none"})", "'ref'"},
      {R"({"ref":""})", "'ref'"},
      {R"({"max_count":0})", "'max_count'"},
      {R"({"max_count":10001})", "'max_count'"},
      {R"({"format":"short"})", "'format'"},
      {R"({"path":"../x"})", "path"},
      {R"({"skip":-1})", "'skip'"},
      {R"({"sinse":"now"})", "since"},
  };
  for (const auto& [arguments, name] : rows) {
    INFO(arguments);
    const std::string text = call(git_log, arguments);
    INFO(text);
    CHECK(text.starts_with("error: "));
    CHECK(text.find(name) != std::string::npos);
  }
}

}  // namespace
}  // namespace quarry::tools
