#include "server/base/hash.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool edit_file;
extern const Tool move_path;
extern const Tool write_file;

namespace {

using Catch::Contains;
using test::ChangeCall;
using Files = std::map<std::string, std::string>;

TEST_CASE("write_file and move_path make no name of another system's separators, or of a home") {
  ChangeCall call({{"sub/a", "a"}, {"back\\slash", "b"}});
  test::check_mistakes(call, write_file,
                       {{R"({"path":"sub\\b","content":"x"})", "'sub/b'"},
                        {R"({"path":"C:\\x\\y.txt","content":"x"})", "separated by '/'"},
                        {R"({"path":"sub\\new/"})", "'sub/new'"},
                        {R"({"path":"~/b","content":"x"})", "'~' stands for no directory"}});
  test::check_mistakes(call, edit_file,
                       {{R"({"path":"sub\\b","old_string":"","new_string":"x"})", "'sub/b'"}});
  test::check_mistakes(
      call, move_path,
      {{R"({"source":"sub/a","destination":"sub\\b"})", "destination"},
       {R"({"source":"sub/a","destination":"~/"})", "'~' stands for no directory"}});
  // What is called so is used so.
  call(write_file, R"({"path":"back\\slash","content":"c"})");
  CHECK(call.files.read("back\\slash") == "c");
  call(move_path, R"({"source":"back\\slash","destination":"back\\2"})");
  CHECK(call.files.read("back\\2") == "c");
}

TEST_CASE("write_file makes files with their directories, replaces, appends, makes directories") {
  ChangeCall call(Files{{"old", "1\n2\n3\n"}});
  CHECK_THAT(call(write_file, R"({"path":"a/b/new","content":"one\ntwo\n"})"),
             Catch::StartsWith("created a/b/new: 2 lines, 8 bytes, hash " +
                               content_hash("one\ntwo\n") + "\nchange "));
  CHECK_THAT(call(write_file, R"({"file_path":"old","contents":"1\n3\n4\n"})"),
             Catch::StartsWith("updated old: +1 -1 lines, hash "));
  CHECK_THAT(call(write_file, R"({"path":"old","content":"5\n","append":true})"),
             Catch::StartsWith("appended to old: +1 -0 lines"));
  CHECK(call.files.read("old") == "1\n3\n4\n5\n");
  CHECK_THAT(call(write_file, R"({"path":"d/e/"})"), Contains("made directory d/e/"));
  CHECK_THAT(call(write_file, R"({"path":"d/e/"})"), Contains("exists already; nothing"));
  CHECK_THAT(call(write_file, R"({"path":"old","content":"1\n3\n4\n5\n"})"),
             Contains("this content already"));
  CHECK_THAT(call(write_file, R"({"path":"empty","content":""})"), Contains("0 lines, 0 bytes"));
}

TEST_CASE("write_file keeps the byte order mark and the line ends of what it replaces") {
  struct Row {
    const char* before;
    const char* arguments;
    const char* after;
  };
  const Row rows[] = {
      {"a\r\nb\r\n", R"("content":"x\ny\n")", "x\r\ny\r\n"},
      {"a\rb\r", R"("content":"x\ny\n")", "x\ry\r"},
      {"a\nb\r\n", R"("content":"x\ny\n")", "x\ny\n"},
      {"a\r\nb\r\n", R"("content":"x\r\ny\n")", "x\r\ny\n"},
      {"a\r\nb\r\n", R"("content":"x\ny\n","eol":"lf")", "x\ny\n"},
      {"a\n", R"("content":"x\r\ny\r","eol":"crlf")", "x\r\ny\r\n"},
      {"a\n", R"("content":"x\ny\n","eol":"CRLF")", "x\r\ny\r\n"},
      {"a\r\n", R"("content":"x\ny\n","eol":"\n")", "x\ny\n"},
      {"a\n", R"("content":"\ufeffx\n","encoding":"utf-8-sig")", "\xEF\xBB\xBFx\n"},
      {"\xEF\xBB\xBFold\n", R"("content":"\ufeffnew\n")", "\xEF\xBB\xBFnew\n"},
      {"old\n", R"("content":"\ufeffnew\n")", "\xEF\xBB\xBFnew\n"},
      {"\xEF\xBB\xBFold\n", R"("content":"new\n")", "\xEF\xBB\xBFnew\n"},
      {"a\r\n", R"("content":"b\n","append":true)", "a\r\nb\r\n"},
  };
  for (const Row& row : rows) {
    INFO(row.before << row.arguments);
    ChangeCall call(Files{{"f", row.before}});
    const std::string answer =
        call(write_file, R"({"path":"f",)" + std::string(row.arguments) + "}");
    INFO(answer);
    CHECK(call.files.read("f") == row.after);
  }
}

TEST_CASE("write_file keeps the encoding, or takes the one that is asked for") {
  ChangeCall call(Files{{"latin", "d\xE9j\xE0 vu, caf\xE9, na\xEFve\n"},
                        {"wide", std::string("\xFF\xFE"
                                             "a\0\n\0",
                                             6)}});
  call(write_file, R"({"path":"latin","content":"th\u00e9\n"})");
  CHECK(call.files.read("latin") == "th\xE9\n");
  call(write_file, R"({"path":"wide","content":"b\n"})");
  CHECK(call.files.read("wide") == std::string("\xFF\xFE"
                                               "b\0\n\0",
                                               6));
  call(write_file, R"({"path":"wide","content":"c","append":true})");
  CHECK(call.files.read("wide") == std::string("\xFF\xFE"
                                               "b\0\n\0c\0",
                                               8));
  call(write_file, R"({"path":"latin","content":"th\u00e9\n","encoding":"utf-8"})");
  CHECK(call.files.read("latin") == "th\xC3\xA9\n");
  call(write_file, R"({"path":"sjis","content":"\u65e5\u672c\n","encoding":"shift_jis"})");
  CHECK(call.files.read("sjis") == "\x93\xFA\x96\x7B\n");
}

TEST_CASE("write_file puts no U+FFFD in the place of bytes that only show as it") {
  const std::string before = "gr\u00FC\u00DFe gr\u00FC\u00DFe caf\xE9\n";
  ChangeCall call(Files{{"f", before}});
  CHECK_THAT(call(write_file, R"({"path":"f","content":"gr\u00fc\u00dfe caf\ufffd\n"})"),
             Contains("error: 'f' has bytes that are no utf-8") && Contains("edit_file"));
  CHECK(call.files.read("f") == before);
  call(write_file, R"({"path":"f","content":"new\ufffd\n","append":true})");
  CHECK(call.files.read("f") == before + "new\uFFFD\n");
  call(write_file, R"({"path":"f","content":"\u00e9\n"})");
  CHECK(call.files.read("f") == "\u00E9\n");
  call.files.write("f", before);
  call(write_file, R"({"path":"f","content":"caf\ufffd\n","encoding":"utf-8"})");
  CHECK(call.files.read("f") == "caf\uFFFD\n");
}

TEST_CASE("write_file says when it changes the encoding and nothing else") {
  ChangeCall call(Files{{"f", "caf\xC3\xA9\n"}});
  CHECK_THAT(call(write_file, R"({"path":"f","content":"caf\u00e9\n","encoding":"latin1"})"),
             Catch::StartsWith("updated f, encoding utf-8 to iso-8859-1: +0 -0 lines"));
  CHECK_THAT(call(write_file, R"({"path":"f","content":"caf\u00e9\n","encoding":"utf-8-sig"})"),
             Catch::StartsWith("updated f, encoding iso-8859-1 to utf-8 with BOM"));
}

TEST_CASE("write_file tells nothing of a file for secrets that it replaces") {
  ChangeCall call(Files{{".env", "TOKEN=1\n"}});
  const std::string wrong =
      call(write_file, R"({"path":".env","content":"x","expected_hash":"0"})");
  CHECK_THAT(wrong, Contains("another content than expected"));
  CHECK_THAT(wrong, !Contains(content_hash("TOKEN=1\n")));
  for (const char* content : {R"(TOKEN=1\nMORE=2\n)", R"(TOKEN=1\nMORE=2\n)", "x"}) {
    INFO(content);
    CHECK_THAT(call(write_file, R"({"path":".env","content":")" + std::string(content) + "\"}"),
               Catch::StartsWith("updated .env, a file for secrets\nchange ") && !Contains("hash"));
  }
  CHECK_THAT(call(write_file, R"({"path":".env","content":"\nA=1\n","append":true})"),
             Catch::StartsWith("appended to .env, a file for secrets\n"));
  CHECK(call.files.read(".env") == "x\nA=1\n");
}

TEST_CASE("write_file makes no directory in what is protected by the name that was given") {
  ChangeCall call(Files{{"elsewhere/x", "x"}, {"b", "x"}});
  call.files.link("elsewhere", ".vscode");
  test::check_mistakes(call, write_file,
                       {{R"({"path":".vscode/new","content":"y"})", "protected"},
                        {R"({"path":".vscode/new/"})", "protected"}});
}

TEST_CASE("write_file says what it does not write") {
  ChangeCall call(Files{{"a", "x"}, {"d/e", "y"}, {"latin", "caf\xE9"}, {".git/config", "x"}});
  call.files.link("../outside", "away");
  call.files.link("/etc", "etc");
  test::check_mistakes(call, write_file,
                       {{R"({"path":"a"})", "content"},
                        {R"({"path":"a","code_edit":"// ... existing code ..."})", "code_edit"},
                        {R"({"path":"a","content":"y","create_only":true})", "create_only"},
                        {R"({"path":"a","content":"y","expected_hash":"0"})", "read it again"},
                        {R"({"path":"n","content":"y","expected_hash":"0"})", "does not exist"},
                        {R"({"path":"d","content":"y"})", "is a directory"},
                        {R"({"path":"d/","content":"y"})", "slash"},
                        {R"({"path":"a/"})", "no directory"},
                        {R"({"path":"a/b","content":"y"})", "not a directory"},
                        {R"({"path":".","content":"y"})", "root"},
                        {R"({"path":"","content":"y"})", "path"},
                        {R"({"path":"../x","content":"y"})", ".."},
                        {R"({"path":"/etc/x","content":"y"})", "path"},
                        {R"({"path":"etc/x","content":"y"})", "symbolic link"},
                        {R"({"path":"away","content":"y"})", "away"},
                        {R"({"path":"away/x","content":"y"})", "away"},
                        {R"({"path":".git/hooks/pre-commit","content":"y"})", "git directory"},
                        {R"({"path":".vscode/tasks.json","content":"{}"})", "protected"},
                        {R"({"path":"latin","content":"\u65e5"})", "U+65E5"},
                        {R"({"path":"n","content":"x","encoding":"klingon"})", "klingon"},
                        {R"({"path":"n","content":"\u00e9","encoding":"ascii"})", "U+00E9"},
                        {R"({"path":"n","content":"x","eol":"lfcr"})", "keep, lf, crlf, cr"},
                        {R"({"path":"a","content":"y\u0000"})", "NUL"}});
  CHECK(call.files.read("a") == "x");
}

}  // namespace
}  // namespace quarry::tools
