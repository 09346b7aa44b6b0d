#include <unistd.h>

#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool replace_in_files;
extern const Tool undo;

namespace {

using Catch::Contains;
using Catch::StartsWith;
using quarry::test::ChangeCall;
using quarry::test::check_mistakes;
using Tree = std::map<std::string, std::string>;

TEST_CASE("replace_in_files: answers hits and diffs first, then replaces them all, and is undone") {
  ChangeCall call(Tree{{"a.c", "foo(1);\nbar();\nfoo(2);\n"},
                       {"d/b.c", "x = foo(3);\n"},
                       {"d/none.c", "nothing\n"},
                       {"t.txt", "foo(4)\n"}});
  const std::string said =
      call(replace_in_files, R"x({"pattern":"foo(","replacement":"baz(","glob":"*.c"})x");
  CHECK(said ==
        "would replace 3 hits in 2 of 3 files searched\n"
        "a.c: 2 hits\n@@ -1,3 +1,3 @@\n-foo(1);\n+baz(1);\n bar();\n-foo(2);\n+baz(2);\n"
        "d/b.c: 1 hit\n@@ -1,1 +1,1 @@\n-x = foo(3);\n+x = baz(3);\n"
        "not searched: 1 outside glob\n"
        "nothing was changed; to replace, call again with dry_run=false and expected_count=3\n");
  CHECK(call.files.read("a.c") == "foo(1);\nbar();\nfoo(2);\n");
  CHECK_THAT(call(replace_in_files, R"x({"pattern":"foo(","replacement":"baz(","glob":"*.c",)x"
                                    R"("dry_run":false,"expected_count":3})"),
             StartsWith("replaced 3 hits in 2 of 3 files searched\na.c: 2 hits\nd/b.c: 1 hit\n") &&
                 Contains("undo takes it back"));
  CHECK(call.files.read("a.c") == "baz(1);\nbar();\nbaz(2);\n");
  CHECK(call.files.read("d/b.c") == "x = baz(3);\n");
  CHECK(call.files.read("t.txt") == "foo(4)\n");
  CHECK_THAT(call(undo, "{}"), Contains("undone"));
  CHECK(call.files.read("a.c") == "foo(1);\nbar();\nfoo(2);\n");
}

TEST_CASE("replace_in_files: another number of hits than expected changes nothing") {
  ChangeCall call(Tree{{"a", "x x\n"}, {"b", "x\n"}});
  CHECK_THAT(
      call(replace_in_files,
           R"({"pattern":"x","replacement":"y","dry_run":false,"expected_count":2})"),
      StartsWith(
          "error: 3 hits in 2 of 2 files searched, not 2 as expected_count says; nothing was "
          "changed\na: 2 hits\nb: 1 hit\n"));
  CHECK(call.files.read("a") == "x x\n");
  CHECK_THAT(call(replace_in_files, R"({"pattern":"q","replacement":"y","dry_run":false})"),
             StartsWith("0 hits in 0 of 2 files searched; nothing was changed"));
  CHECK_THAT(call(replace_in_files, R"({"pattern":"x+","replacement":"y"})"),
             Contains("set regex=true"));
}

TEST_CASE("replace_in_files: groups of a regex, and $& as plain text without one") {
  ChangeCall call(Tree{{"a", "log(\"m\", 1)\n"}, {"b", "cost\n"}});
  call(replace_in_files, R"x({"query":"log\\((.*), (\\d)\\)","replace":"trace($2, \\1)",)x"
                         R"("isRegexp":true,"dryRun":"false"})");
  CHECK(call.files.read("a") == "trace(1, \"m\")\n");
  call(replace_in_files, R"({"pattern":"cost","replacement":"$& $1 \\1","dry_run":false})");
  CHECK(call.files.read("b") == "$& $1 \\1\n");
}

TEST_CASE("replace_in_files: encodings, marks, line ends and modes stay") {
  ChangeCall call(Tree{{"dos", "a b\r\nb\r\nend"},
                       {"latin", "gr\xFC\xDF b\nm\xFChe\n"},
                       {"mark",
                        "\xEF\xBB\xBF"
                        "b\n"},
                       {"utf16", std::string("\xFF\xFE"
                                             "b\0\n\0",
                                             6)}});
  std::filesystem::permissions(call.files.path("dos"), std::filesystem::perms(0750));
  CHECK_THAT(call(replace_in_files, R"({"pattern":"b","replacement":"ü\nc","dry_run":false})"),
             StartsWith("replaced 5 hits in 4 of 4"));
  CHECK(call.files.read("dos") == "a \u00FC\r\nc\r\n\u00FC\r\nc\r\nend");
  CHECK(call.files.read("latin") == "gr\xFC\xDF \xFC\nc\nm\xFChe\n");
  CHECK(call.files.read("mark") == "\xEF\xBB\xBF\u00FC\nc\n");
  CHECK(call.files.read("utf16") == std::string("\xFF\xFE\xFC\0\n\0c\0\n\0", 10));
  CHECK(std::filesystem::status(call.files.path("dos")).permissions() ==
        std::filesystem::perms(0750));
  // Across a line end, whatever it is.
  CHECK_THAT(call(replace_in_files, R"({"pattern":"a ü\nc","replacement":"A","dry_run":false})"),
             StartsWith("replaced 1 hit in 1 of 4"));
  CHECK(call.files.read("dos") == "A\r\n\u00FC\r\nc\r\nend");
  // A character that one file lacks: none is changed.
  CHECK_THAT(call(replace_in_files, R"({"pattern":"c","replacement":"€","dry_run":false})"),
             StartsWith("error: 'latin'") && Contains("U+20AC"));
  CHECK(call.files.read("mark") == "\xEF\xBB\xBF\u00FC\nc\n");
}

TEST_CASE("replace_in_files: a directory has the hits that its files have, whatever ends lines") {
  const Tree tree{
      {"d/mac", "one\rtwo\rone"}, {"d/odd", "one\rtwo\none\ntwo\n"}, {"d/dos", "one\r\ntwo\r\n"}};
  const auto hits = [&](const std::string& rest) {
    ChangeCall call(tree);
    std::vector<std::string> said;
    for (const char* path : {"d", "d/mac", "d/odd", "d/dos"}) {
      const std::string answer =
          call(replace_in_files, R"({"path":")" + std::string(path) + R"(",)" + rest + "}");
      INFO(answer);
      const std::size_t begin = answer.find_first_of("0123456789");
      REQUIRE(begin != answer.npos);
      said.push_back(answer.substr(begin, answer.find(' ', begin) - begin));
    }
    return said;
  };
  using Counts = std::vector<std::string>;
  CHECK(hits(R"("pattern":"one\ntwo","replacement":"x")") == Counts{"3", "1", "1", "1"});
  CHECK(hits(R"("pattern":"^two$","replacement":"x","regex":true)") == Counts{"3", "1", "1", "1"});
  CHECK(hits(R"("pattern":"one\\s*\\ntwo","replacement":"x","regex":true)") ==
        Counts{"3", "1", "1", "1"});
  CHECK(hits(R"("pattern":"\\r","replacement":"","regex":true)") == Counts{"5", "2", "1", "2"});
  CHECK(hits(R"("pattern":"e\rt","replacement":"")") == Counts{"2", "1", "1", "0"});
  CHECK(hits(R"("pattern":"\r\n","replacement":"\n")") == Counts{"2", "0", "0", "2"});
}

TEST_CASE("replace_in_files: a pattern with a carriage return changes the line ends themselves") {
  ChangeCall call(Tree{{"dos", "one\r\ntwo\r\n"}, {"mac", "a\rb"}, {"odd", "x\ry\n"}});
  call(replace_in_files,
       R"({"pattern":"\r$","replacement":"","regex":true,"dry_run":false,"path":"dos"})");
  CHECK(call.files.read("dos") == "one\ntwo\n");
  call(replace_in_files, R"({"pattern":"\n","replacement":"\r\n","dry_run":false,"path":"dos"})");
  CHECK(call.files.read("dos") == "one\ntwo\n");  // a line end for a line end
  call(replace_in_files, R"({"pattern":"\r","replacement":"\n","dry_run":false})");
  CHECK(call.files.read("mac") == "a\nb");
  CHECK(call.files.read("odd") == "x\ny\n");
}

TEST_CASE("replace_in_files: a glob holds for a path that is a file too") {
  ChangeCall call(Tree{{"d/a.txt", "foo\n"}});
  CHECK_THAT(call(replace_in_files, R"({"pattern":"foo","replacement":"x","path":"d/a.txt",)"
                                    R"("glob":"!*.txt","dry_run":false})"),
             StartsWith("0 hits in 0 of 0 files searched; nothing was changed\nnot searched: the "
                        "file, which is outside glob"));
  CHECK(call.files.read("d/a.txt") == "foo\n");
  call(replace_in_files, R"({"pattern":"foo","replacement":"x","path":"d/a.txt",)"
                         R"("glob":"d/*.txt","dry_run":false})");
  CHECK(call.files.read("d/a.txt") == "x\n");
}

TEST_CASE("replace_in_files: where nothing is found, what may have been meant is said") {
  ChangeCall call(Tree{{"a", "one\ntwo\n"}});
  const auto none = [&](const std::string& pattern) {
    return call(replace_in_files,
                R"({"replacement":"x","regex":true,"pattern":")" + pattern + R"("})");
  };
  CHECK_THAT(none("one\\\\s+two"), Contains("within one line unless the pattern has \\n"));
  CHECK_THAT(none("one\\\\r\\\\ntwo"), Contains("without it, \\n stands for each"));
  CHECK_THAT(call(replace_in_files, R"({"pattern":"one","replacement":"\\n\\t","regex":true})"),
             Contains("a backslash and a letter as text"));
  CHECK_THAT(none("three"), StartsWith("0 hits in 0 of 1 file searched; nothing was changed") &&
                                !Contains("\\n stands"));
}

TEST_CASE(
    "replace_in_files: what is ignored, hidden, protected or binary is left alone, and said") {
  ChangeCall call(Tree{{".gitignore", "out/\n"},
                       {"a", "key\n"},
                       {"out/b", "key\n"},
                       {".env", "key\n"},
                       {".vscode/settings.json", "key\n"},
                       {"bin", std::string("key\0", 4)}});
  call.files.link("a", "link");
  std::filesystem::create_directories(call.files.path(".git/objects"));
  call.files.write(".git/config", "key\n");
  CHECK_THAT(
      call(replace_in_files, R"({"pattern":"key","replacement":"lock","dry_run":false})"),
      StartsWith("replaced 1 hit in 1 of 3 files searched\na: 1 hit\nnot searched: 1 binary, "
                 "1 file for secrets, 1 ignored directory, 1 symlink, 1 protected\n"));
  CHECK(call.files.read("a") == "lock\n");
  for (const char* path : {"out/b", ".env", ".vscode/settings.json", ".git/config"}) {
    INFO(path);
    CHECK(call.files.read(path) == "key\n");
  }
  CHECK(std::filesystem::is_symlink(call.files.path("link")));
}

TEST_CASE("replace_in_files: says nothing of other names of a file when it changes them too") {
  ChangeCall call(Tree{{"a", "one"}, {"b", "two"}});
  REQUIRE(link(call.files.path("a").c_str(), call.files.path("c").c_str()) == 0);
  CHECK_THAT(call(replace_in_files, R"({"pattern":"one","replacement":"1","dry_run":false})"),
             StartsWith("replaced 2 hits in 2 of 3 files") && !Contains("other names"));
}

TEST_CASE("replace_in_files: a private key is neither changed nor shown, whatever its name") {
  const std::string key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + std::string(70, 'k') + "\n";
  ChangeCall call(Tree{{"d/notes.txt", key}, {"d/b", "k\n"}});
  for (const char* dry_run : {"true", "false"}) {
    const std::string end = std::string(R"(,"dry_run":)") + dry_run + "}";
    CHECK_THAT(
        call(replace_in_files, R"({"pattern":"k","replacement":"l","path":"d/notes.txt")" + end),
        StartsWith("error: ") && Contains("private key") && !Contains("kkk"));
    CHECK_THAT(call(replace_in_files, R"({"pattern":"k","replacement":"l")" + end),
               Contains("1 hit in 1 of 1 file searched") &&
                   Contains("not searched: 1 file for secrets") && !Contains("kkk"));
  }
  CHECK(call.files.read("d/notes.txt") == key);
  CHECK(call.files.read("d/b") == "l\n");
}

TEST_CASE("replace_in_files: mistakes leave the tree as it was") {
  ChangeCall call(Tree{{"a", "a\n"}, {".env", "a\n"}});
  call.files.link("/etc", "out");
  check_mistakes(
      call, replace_in_files,
      {{R"({"pattern":"a"})", "missing required argument 'replacement'"},
       {R"({"pattern":"","replacement":"x"})", "'pattern' is empty"},
       {R"({"pattern":"(","replacement":"x","regex":true})", "not valid in RE2's syntax"},
       {R"({"pattern":"a","replacement":"$1","regex":true})", "no group of the pattern (0 groups)"},
       {R"({"pattern":"a","replacement":"x","path":"../b"})", "contains '..'"},
       {R"({"pattern":"a","replacement":"x","path":"none"})", "none"},
       {R"({"pattern":"a","replacement":"x","path":"out"})", "out"},
       {R"({"pattern":"a","replacement":"x","path":".env"})", "secrets"},
       {R"({"pattern":"a","replacement":"x","glob":"../*"})", "glob"},
       {R"({"pattern":"a","replacement":"x","expected_count":-1})", "'expected_count'"}});
  CHECK(call.files.read("a") == "a\n");
}

}  // namespace
}  // namespace quarry::tools
