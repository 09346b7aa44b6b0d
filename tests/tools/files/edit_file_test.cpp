#include <sys/stat.h>
#include <unistd.h>

#include "server/base/hash.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;
extern const Tool edit_file;
extern const Tool undo;

namespace {

using Catch::Contains;
using Catch::StartsWith;
using test::ChangeCall;
using Files = std::map<std::string, std::string>;

TEST_CASE("edit_file replaces text, answers the diff, and can be undone") {
  ChangeCall call(Files{{"a.c", "int a;\nint b;\nint c;\n"}});
  const std::string answer =
      call(edit_file, R"({"path":"a.c","old_string":"int b;","new_string":"long b;"})");
  CHECK_THAT(answer, Catch::StartsWith("edited a.c: 1 place: +1 -1 lines, hash ") &&
                         Contains("@@ -1,3 +1,3 @@\n int a;\n-int b;\n+long b;\n int c;\n") &&
                         Contains("undo takes it back"));
  CHECK(call.files.read("a.c") == "int a;\nlong b;\nint c;\n");
  call(undo, "{}");
  CHECK(call.files.read("a.c") == "int a;\nint b;\nint c;\n");
}

TEST_CASE(
    "edit_file and undo show of a large diff what a dry run shows, but less when it is made") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "a line with the old word in it\n";
  ChangeCall call(Files{{"f", text}});
  const std::string arguments =
      R"("path":"f","old_string":"old","new_string":"new","replace_all":true)";
  const std::string tried = call(edit_file, "{" + arguments + R"(,"dry_run":true})");
  CHECK(tried.size() > 30'000);
  const std::string made = call(edit_file, "{" + arguments + "}");
  CHECK(made.size() < 5'000);
  CHECK_THAT(made, StartsWith("edited f: 1000 places: +1000 -1000 lines, hash ") &&
                       Contains("-a line with the old word in it\n") &&
                       Contains("the rest of the diff is left out (+1000 -1000 lines in all)"));
  CHECK(call(undo, R"({"dry_run":true})").size() > 10'000);
  const std::string undone = call(undo, "{}");
  CHECK(undone.size() < 5'000);
  CHECK_THAT(undone, Contains("the rest of the diff is left out"));
  CHECK(call.files.read("f") == text);
}

TEST_CASE("edit_file says that other names of a file keep the old content") {
  ChangeCall call(Files{{"a", "one"}, {"d/x", "x"}});
  REQUIRE(link(call.files.path("a").c_str(), call.files.path("d/b").c_str()) == 0);
  const auto edit = [&](const char* from, const char* to) {
    return call(edit_file,
                fmt::format(R"({{"path":"a","old_string":"{}","new_string":"{}"}})", from, to));
  };
  constexpr auto kSaid = "\na: other names (hard links) of the file keep the old content\nchange ";
  CHECK_THAT(edit("one", "two"), Contains(kSaid));
  CHECK(call.files.read("d/b") == "one");
  CHECK_THAT(edit("two", "three"), !Contains("other names"));
}

TEST_CASE("edit_file leaves a file alone that another program has open to write to") {
  ChangeCall call(Files{{"server.log", "one\n"}});
  {
    std::ofstream other(call.files.path("server.log"), std::ios::app);
    CHECK(call(edit_file, R"({"path":"server.log","old_string":"one","new_string":"two"})") ==
          "error: another program has 'server.log' open to write to it, and would go on in the old "
          "file; end that first; nothing was changed");
    other << "three\n";
  }
  CHECK(call.files.read("server.log") == "one\nthree\n");
}

TEST_CASE("edit_file names the file elsewhere that is called so") {
  ChangeCall call(Files{{"kernel/a.c", "one"}});
  call.stop_time();  // however slow the machine is
  CHECK(call(edit_file, R"({"path":"a.c","old_string":"one","new_string":"two"})") ==
        "error: no file 'a.c' in the root; did you mean 'kernel/a.c'?");
}

TEST_CASE("edit_file takes the names of other servers, and many edits at once") {
  ChangeCall call(Files{{"a", "one two three"}});
  CHECK_THAT(call(edit_file, R"({"file_path":"a","edits":[{"oldText":"one","newText":"1"},
                                {"old_str":"two","new_str":"2"}],"dryRun":"true"})"),
             Catch::StartsWith("would edit a: 2 places"));
  CHECK(call.files.read("a") == "one two three");
  call(edit_file, R"({"filePath":"a","replacements":[{"oldString":"one","newString":"1"},
                     {"old_string":"1 two","new_string":"12"}]})");
  CHECK(call.files.read("a") == "12 three");
  CHECK_THAT(call(edit_file, R"({"path":"a","edits":[{"old_string":"12","new_string":"x"},
                                {"old_string":"none","new_string":"y"}]})"),
             Contains("error: 'a': edit 2 of 2: old_string is not in the file"));
  CHECK(call.files.read("a") == "12 three");
}

TEST_CASE("edit_file says when nothing is different in the end, and undo does not see it") {
  ChangeCall call(std::map<std::string, std::string>{{"f", "first\n"}});
  call(edit_file, R"({"path":"f","old_string":"first","new_string":"second"})");
  CHECK_THAT(call(edit_file, R"({"path":"f","edits":[{"old_string":"second","new_string":"b"},)"
                             R"({"old_string":"b","new_string":"second"}]})"),
             Contains("leave f as it is; nothing was changed"));
  call(undo, "{}");
  CHECK(call.files.read("f") == "first\n");
}

TEST_CASE("edit_file and its like say when what they write went into a guessed encoding") {
  std::string text;
  for (int i = 0; i < 20; ++i)
    text +=
        "gr\xF6\xDF"
        "e \xE9t\xE9 stra\xDF"
        "e\n";
  ChangeCall call(std::map<std::string, std::string>{{"l", text}});
  CHECK_THAT(call(edit_file, R"({"path":"l","old_string":"e\nq","new_string":"ü","dry_run":true})"),
             StartsWith("error: "));
  std::string one = text;
  one += "last\n";
  call.files.write("l", one);
  CHECK_THAT(call(edit_file, R"({"path":"l","old_string":"last","new_string":"plain"})"),
             !Contains("a guess"));
  CHECK_THAT(call(edit_file, R"({"path":"l","old_string":"plain","new_string":"ü"})"),
             Contains(", a guess: if it is another, undo and give edit_file the encoding"));
  // What the new text repeats is not written.
  CHECK_THAT(call(edit_file, R"({"path":"l","old_string":"ü","new_string":"ü 2"})"),
             !Contains("a guess"));
  CHECK_THAT(call(edit_file, R"({"path":"l","old_string":"ü","new_string":"ö",)"
                             R"("encoding":"iso-8859-1"})"),
             !Contains("a guess"));
}

TEST_CASE("edit_file makes a file of an empty old text, and never over content") {
  ChangeCall call(Files{{"full", "x"}, {"empty", ""}});
  CHECK_THAT(call(edit_file, R"({"path":"d/new","old_string":"","new_string":"text\n"})"),
             Catch::StartsWith("created d/new"));
  CHECK(call.files.read("d/new") == "text\n");
  call(edit_file, R"({"path":"empty","old_string":"","new_string":"text\n"})");
  CHECK(call.files.read("empty") == "text\n");
  CHECK_THAT(call(edit_file, R"({"path":"full","old_string":"","new_string":"y"})"),
             Contains("old_string is empty"));
}

TEST_CASE("edit_file follows a link to its file and never replaces the link") {
  ChangeCall call(Files{{"d/file", "old"}});
  call.files.link("d/file", "link");
  CHECK_THAT(call(edit_file, R"({"path":"link","old_string":"old","new_string":"new"})"),
             Contains("edited d/file"));
  CHECK(call.files.read("d/file") == "new");
  CHECK(std::filesystem::is_symlink(call.files.path("link")));
}

TEST_CASE("edit_file says what it does not edit") {
  ChangeCall call(Files{{"a", "x\nx\n"},
                        {"bin", std::string("a\0b", 3)},
                        {"latin", "caf\xE9 x"},
                        {".env", "TOKEN=1"},
                        {".git/config", "x"}});
  call.files.link("../outside", "away");
  const std::string hash = content_hash("x\nx\n");
  test::check_mistakes(
      call, edit_file,
      {{R"({"path":"a","old_string":"x","new_string":"y"})", "2 times, on lines 1, 2"},
       {R"({"path":"a","old_string":"z","new_string":"y"})", "not in the file"},
       {R"({"path":"a","old_string":"x","new_string":"x"})", "the same"},
       {R"({"path":"a","old_string":"x"})", "new_string"},
       {R"({"path":"a"})", "either"},
       {R"({"path":"a","old_string":"x","new_string":"y","edits":[]})", "either"},
       {R"({"path":"a","edits":[]})", "edits"},
       {R"({"path":"a","edits":"x"})", "edits"},
       {R"({"path":"a","edits":[{"old_string":"x"}]})", "edit 1: missing required"},
       {R"({"path":"a","edits":[{"old_string":"x","new_strin":"y"}]})", "new_string"},
       {R"({"path":"a","old_string":"x","new_string":"y","replace_all":true,"expected_hash":"0"})",
        "read it again"},
       {R"({"path":"none","old_string":"x","new_string":"y"})", "none"},
       {R"({"path":"a/b","old_string":"x","new_string":"y"})", "not a directory"},
       {R"({"path":".","old_string":"x","new_string":"y"})", "'.'"},
       {R"({"path":"bin","old_string":"a","new_string":"y"})", "binary"},
       {R"({"path":"latin","old_string":"x","new_string":"\u65e5"})", "U+65E5"},
       {R"({"path":"a","old_string":"x","new_string":"y","replace_all":true,"encoding":"klingon"})",
        "klingon"},
       {R"({"path":".env","old_string":"TOKEN","new_string":"y"})", "secrets"},
       {R"({"path":".git/config","old_string":"x","new_string":"y"})", "git directory"},
       {R"({"path":"away","old_string":"x","new_string":"y"})", "away"},
       {R"({"path":"../outside","old_string":"x","new_string":"y"})", ".."}});
  CHECK_THAT(call(edit_file, R"({"path":"a","old_string":"x","new_string":"y","replace_all":true,
                                "expected_hash":")" +
                                 hash + "\"}"),
             Contains("2 places"));
  CHECK_THAT(call(edit_file, R"({"path":"latin","old_string":"x","new_string":"y"})"),
             Contains("edited latin"));
  CHECK(call.files.read("latin") == "caf\xE9 y");
  CHECK_THAT(
      call(edit_file, R"({"path":"latin","old_string":"caf\u00e9","new_string":"th\u00e9"})"),
      Contains("-caf\xC3\xA9 y\n") && Contains("+th\xC3\xA9 y\n"));
  CHECK(call.files.read("latin") == "th\xE9 y");
}

TEST_CASE("edit_file takes edits in the shapes that clients send them in") {
  struct Row {
    const char* arguments;
    const char* want;  // of the file; or the error
  };
  const Row rows[] = {
      {R"("edits":"[{\"old_string\":\"a\",\"new_string\":\"1\"}]")", "1 b a2"},
      {R"("edits":"{\"old_string\":\"b\",\"new_string\":\"1\"}")", "a 1 a2"},
      {R"("edits":{"old_string":"b","new_string":"1"})", "a 1 a2"},
      {R"("edits":[{"filePath":"./f","old_string":"b","new_string":"1"}])", "a 1 a2"},
      {R"("edits":[{"filePath":"g","old_string":"b","new_string":"1"}])", "another file"},
      {R"("edits":"not json")", "its text is no JSON"},
      {R"("edits":"7")", "must be an array"},
      {R"("old_string":"a","new_string":"1","expected_replacements":2)", "1 b 12"},
      {R"("old_string":"b","new_string":"1","expected_replacements":1)", "a 1 a2"},
      {R"("old_string":"a","new_string":"1","expected_replacements":3)", "2 places, not 3"},
      {R"("old_string":"b","new_string":"1","expected_replacements":2)", "1 place, not 2"},
      {R"("old_string":"a","new_string":"1","expected_replacements":1)", "2 times"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    const bool alone = std::string_view(row.arguments).find(R"(\"a\")") != std::string_view::npos;
    ChangeCall call(Files{{"f", alone ? "a b 2" : "a b a2"}});
    const std::string answer =
        call(edit_file, R"({"path":"f",)" + std::string(row.arguments) + "}");
    INFO(answer);
    if (answer.starts_with("error: ")) {
      CHECK_THAT(answer, Contains(row.want));
    } else {
      CHECK(call.files.read("f") == (alone ? "1 b 2" : row.want));
    }
  }
}

TEST_CASE("edit_file keeps the bytes of what its new text repeats") {
  const std::string utf8 = "gr\u00FC\u00DFe gr\u00FC\u00DFe\n";
  // 0xFA54 is the same character as 0x81CA, which an encoder takes.
  const std::string japanese = "\x93\xFA\x96\x7B\x8C\xEA\x82\xCC\x95\xB6\x8F\xCD\n";
  const struct {
    std::string before;
    const char* edit;
    std::string want;  // "" when it is refused
  } rows[] = {
      {utf8 + "caf\xE9 = 1\n", R"("old_string":"caf\uFFFD = 1","new_string":"caf\uFFFD = 2")",
       utf8 + "caf\xE9 = 2\n"},
      {utf8 + "1 \xE9 2 \xE8 3\n",
       R"("old_string":"1 \uFFFD 2 \uFFFD 3","new_string":"4 \uFFFD 5\n\uFFFD 6")",
       utf8 + "4 \xE9 5\n\xE8 6\n"},
      {utf8 + "a \xE9\nb\nc\n",
       R"("old_string":"a \uFFFD\nb\nc\n","new_string":"b\nc\na \uFFFD\n")", ""},
      {utf8 + "a\xE9\n", R"("old_string":"a","new_string":"a\uFFFD")", utf8 + "a\uFFFD\xE9\n"},
      {japanese + "a \xFA\x54 1\n", R"("old_string":"a \uFFE2 1","new_string":"a \uFFE2 2")",
       japanese + "a \xFA\x54 2\n"},
  };
  for (const auto& row : rows) {
    ChangeCall call(Files{{"f", row.before}});
    const std::string answer = call(edit_file, fmt::format(R"({{"path":"f",{}}})", row.edit));
    INFO(answer);
    CHECK(call.files.read("f") == (row.want.empty() ? row.before : row.want));
    if (row.want.empty()) CHECK_THAT(answer, Contains("bytes that are no utf-8; leave those out"));
  }
  ChangeCall call(Files{{"f", utf8 + "caf\xE9 = 1\n"}});
  call(apply_patch,
       R"({"patch":"--- a/f\n+++ b/f\n@@ -2 +2 @@\n-caf\uFFFD = 1\n+caf\uFFFD = 2\n"})");
  CHECK(call.files.read("f") == utf8 + "caf\xE9 = 2\n");
}

TEST_CASE("edit_file leaves every byte outside the edited lines as it was") {
  const std::vector<std::string> marks = {"", "\xEF\xBB\xBF"};
  const std::vector<std::vector<std::string>> ends = {
      {"\n"}, {"\r\n"}, {"\r"}, {"\n", "\r\n", "\r"}};
  const std::vector<std::string> words = {
      "plain", "caf\xC3\xA9", "caf\xE9", "\x80\xFF\xFE", "\xE6\x97\xA5\xE6\x9C\xAC", "tab\there"};
  int done = 0;
  for (const std::string& mark : marks) {
    for (const auto& end : ends) {
      for (const std::string& word : words) {
        for (const bool closed : {true, false}) {
          for (const int at : {0, 3, 6}) {
            std::vector<std::string> lines;
            for (int i = 0; i < 7; ++i) {
              lines.push_back(
                  (i == at ? "target" : word + std::to_string(i)) +
                  (i < 6 || closed ? end[static_cast<std::size_t>(i) % end.size()] : ""));
            }
            std::string before = mark;
            std::string want = mark;
            for (int i = 0; i < 7; ++i) {
              const std::string& line = lines[static_cast<std::size_t>(i)];
              before += line;
              want += i == at ? "changed" + line.substr(6) : line;
            }
            ChangeCall call(Files{{"f", before}});
            const std::string answer =
                call(edit_file, R"({"path":"f","old_string":"target","new_string":"changed"})");
            INFO(answer);
            CHECK(call.files.read("f") == want);
            ++done;
          }
        }
      }
    }
  }
  CHECK(done == 2 * 4 * 6 * 2 * 3);
}

}  // namespace
}  // namespace quarry::tools
