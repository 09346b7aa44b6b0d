#include "server/search/grep.h"

#include <functional>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>

#include "server/base/utf8.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;
using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("grep groups matches by file and ends with its coverage") {
  SearchedTree tree(Files{{"src/a.c", "int foo;\nint bar;\nfoo();\n"},
                          {"src/b.c", "nothing\n"},
                          {"README", "about foo\n"}});
  CHECK(tree.grep("foo") ==
        "README\n1:about foo\n\nsrc/a.c\n1:int foo;\n3:foo();\n\n3 matches in 2 of 3 files\n");
}

TEST_CASE("grep merges context and separates groups") {
  std::string content;
  for (int i = 1; i <= 20; ++i)
    content += (i == 3 || i == 5 || i == 15 ? "hit" : "l") + std::to_string(i) + "\n";
  SearchedTree tree(Files{{"f", content}});
  GrepQuery query;
  query.pattern = "hit";
  query.before = 1;
  query.after = 2;
  CHECK(tree.grep(query) ==
        "f\n2-l2\n3:hit3\n4-l4\n5:hit5\n6-l6\n7-l7\n--\n14-l14\n15:hit15\n16-l16\n17-l17\n\n"
        "3 matches in 1 of 1 file\n");
  query.before = 0;
  query.after = 0;
  CHECK(tree.grep(query) == "f\n3:hit3\n5:hit5\n15:hit15\n\n3 matches in 1 of 1 file\n");
}

TEST_CASE("grep answers paths or counts when asked") {
  SearchedTree tree(Files{{"a", "x\nx\n"}, {"b", "x\n"}, {"c", "y\n"}});
  GrepQuery query;
  query.pattern = "x";
  query.mode = OutputMode::kFiles;
  CHECK(tree.grep(query) == "a\nb\n\n2 of 3 files match\n");
  query.mode = OutputMode::kCount;
  CHECK(tree.grep(query) == "a:2\nb:1\n\n3 matches in 2 of 3 files\n");
}

TEST_CASE("grep that exceeds its tokens goes on with counts and says how to continue") {
  Files files;
  for (int i = 100; i < 160; ++i) {
    for (int j = 0; j < 20; ++j)
      files["f" + std::to_string(i)] += "hit " + std::string(60, 'x') + "\n";
  }
  SearchedTree tree(files);
  GrepQuery query;
  query.pattern = "hit";
  query.head_limit = 5000;
  query.max_bytes = 8000;
  std::uint64_t seen = 0;
  std::string text = tree.grep(query);
  CHECK(text.size() <= 8000);
  CHECK_THAT(text, Contains("max_tokens reached; matches in the files that follow:\n"));
  CHECK_THAT(text, Contains("f159:20\n"));
  // Following the offsets shows every match once.
  for (int page = 0; page < 100; ++page) {
    for (std::size_t at = 0; (at = text.find(":hit", at)) != std::string::npos; ++at) ++seen;
    const std::size_t next = text.find("call again with offset=");
    if (next == std::string::npos) break;
    query.offset = std::stoull(text.substr(next + 23));
    CHECK(query.offset == seen);
    text = tree.grep(query);
  }
  CHECK(seen == 1200);
  query.offset = 0;
  query.mode = OutputMode::kFiles;
  query.max_bytes = 100;
  CHECK_THAT(tree.grep(query), Contains("more (max_tokens reached); call again with offset="));
}

TEST_CASE("grep shows the page's first match whatever it takes, and what comes next") {
  std::string long_lines;
  for (int i = 0; i < 200; ++i) {
    long_lines += i == 100 ? "the hit\n" : std::string(600, 'x') + "\n";
  }
  std::string many = "begin hit\n";
  for (int i = 0; i < 1000; ++i) many += "row of some text\n";
  SearchedTree tree(Files{{"a", long_lines}, {"b", many + "end\n"}, {"c", "hit\n"}});
  GrepQuery query;
  query.pattern = "hit";
  query.max_bytes = 8000;
  query.before = query.after = 50;
  std::string text = tree.grep(query);
  CHECK_THAT(text, Contains("\n101:the hit\n") && Contains("\n100-xxx") &&
                       Contains("2 more (max_tokens reached); call again with offset=1"));
  CHECK(text.size() <= 8000);
  query.max_bytes = 600;  // not even one line of what is around it
  CHECK_THAT(tree.grep(query), StartsWith("a\n101:the hit\n\nmax_tokens reached"));

  query = {};
  query.max_bytes = 8000;
  query.pattern = "begin hit[^$]*end";
  query.match.multiline = true;
  CHECK_THAT(tree.grep(query), StartsWith("b\n1:begin hit\n2:row of") &&
                                   Contains(" more lines of this match: ") &&
                                   Contains("\n1 match in 1 of 3 files"));
  query.pattern = "hit|row[^$]*end";
  text = tree.grep(query);
  // One that is not the first of its page is not begun.
  CHECK_THAT(text,
             Contains("1:begin hit\n\nmax_tokens reached") && Contains("call again with offset=2"));
  query.offset = 2;
  text = tree.grep(query);
  CHECK_THAT(text, StartsWith("b\n2:row of") && Contains("call again with offset=3"));
  query.offset = 3;
  CHECK_THAT(tree.grep(query), StartsWith("c\n1:hit\n\n4 matches in 3 of 3 files"));
}

TEST_CASE("grep counts the notes that it does not show") {
  Files files;
  for (int i = 100; i < 120; ++i) files["d" + std::to_string(i) + "/.gitignore/x"] = "";
  SearchedTree tree(files);
  CHECK_THAT(tree.grep("any"), Contains("note: d115/.gitignore not read: not a regular file\n"
                                        "note: and 4 more of these\n"));
}

TEST_CASE("grep says what it did not search (SR-15)") {
  SearchedTree tree(Files{{".gitignore", "*.log\nbuild/\n"},
                          {"a.log", "x foo\n"},
                          {"build/o", "foo\n"},
                          {"bin", std::string("foo\0foo", 7)},
                          {"big", "foo " + std::string(100, 'y') + "\n"},
                          {"f", "foo\n"}});
  tree.files.link("f", "link");
  GrepQuery query;
  query.pattern = "foo";
  query.max_file_bytes = 64;
  CHECK_THAT(
      tree.grep(query),
      Contains("1 match in 1 of 2 files; not searched: 1 binary, 1 over 64 bytes, 1 symlink, "
               "1 ignored file and 1 directory (include_ignored=true searches them)\n"));
  query.include_ignored = true;
  query.glob = "*.log";
  CHECK_THAT(tree.grep(query), Contains("a.log\n1:x foo\n"));
  query.path = tree.path("bin");
  CHECK_THAT(tree.grep(query), Contains("the file is binary"));
}

TEST_CASE("grep searches a tree of which the ignore rules leave nothing") {
  SearchedTree tree(
      Files{{".gitignore", "/*\n"}, {"kernel/fork.c", "int fork(void)\n"}, {"README", "a fork\n"}});
  CHECK(tree.grep("fork") ==
        "README\n1:a fork\n\nkernel/fork.c\n1:int fork(void)\n\n2 matches in 2 of 3 files\n"
        "note: the ignore rules leave out all of it, so they were not applied\n");
  CHECK_THAT(tree.grep("spoon"), Contains("0 matches in 0 of 3 files\n"));
}

TEST_CASE("grep that finds nothing looks again and says what it saw") {
  SearchedTree tree(Files{{".gitignore", "gen/\n*.log\n"},
                          {"a.c", "call(x)\nFOOBAR\n"},
                          {"gen/deep/x", "generated\n"},
                          {"b.log", "generated\n"}});
  CHECK_THAT(tree.grep("generated"),
             Contains("0 matches in 0 of 2 files; but 2 in ignored files (include_ignored=true)"));
  CHECK_THAT(tree.grep("foobar"), Contains("but 1 with the other case (ignore_case=true)"));
  CHECK_THAT(tree.grep("call(x)"), Contains("but 1 as plain text (fixed=true)"));
  GrepQuery query;
  query.pattern = "FOO";
  query.match.word = true;
  CHECK_THAT(tree.grep(query), Contains("but 1 within longer words (word=false)"));
  query.glob = "deep/*.c";
  CHECK_THAT(tree.grep(query), Contains("2 outside glob") && Contains("**/ before it"));
  query.glob = "gen";
  CHECK_THAT(tree.grep(query), Contains("for those in a directory add /**"));
  CHECK_THAT(tree.grep("absent"), Contains("0 matches in 0 of 2 files; not searched:"));
  CHECK_THAT(tree.grep("call("),
             Contains("call(x)") && Contains("note: pattern is not a valid regex"));
}

TEST_CASE(
    "grep looks again with the syntax of other programs, and in ignored files with the case") {
  SearchedTree tree(
      Files{{".gitignore", "out\n"}, {"a", "one foo\ntwo bar\n"}, {"out", "Three Baz\n"}});
  CHECK_THAT(tree.grep("foo\\|bar"), Contains("0 matches") && Contains("but 2 with | for \\|"));
  CHECK_THAT(tree.grep("\\<foo\\>"), Contains("0 matches") && Contains("but 1 with | for \\|"));
  CHECK_THAT(tree.grep("three baz"),
             Contains("1 in ignored files (include_ignored=true) with the other case"));
}

TEST_CASE("grep puts the files that changed last in front when asked") {
  SearchedTree tree(Files{{"a", "needle\n"}, {"b/c", "needle\n"}, {"d", "needle\n"}, {"e", "x\n"}});
  std::int64_t seconds = 1000;
  for (const char* path : {"d", "a", "b/c"}) {
    const timespec times[2] = {{++seconds, 0}, {seconds, 0}};
    REQUIRE(utimensat(AT_FDCWD, tree.files.path(path).c_str(), times, 0) == 0);
  }
  GrepQuery query;
  query.pattern = "needle";
  query.sort = GrepOrder::kMtime;
  CHECK(tree.grep(query) ==
        "b/c\n1:needle\n\na\n1:needle\n\nd\n1:needle\n\n3 matches in 3 of 4 files\n");
  query.mode = OutputMode::kFiles;
  query.offset = 1;
  CHECK(tree.grep(query) == "a\nd\n\n3 of 4 files match\n");
}

TEST_CASE("grep takes files by glob and type") {
  SearchedTree tree(Files{
      {"a.c", "x"}, {"a.py", "x"}, {"sub/b.c", "x"}, {"sub/b.min.js", "x"}, {"sub/deep/c.h", "x"}});
  struct Row {
    const char* glob;
    const char* type;
    const char* path;
    const char* want;  // files, space separated
  };
  const Row rows[] = {
      {"*.c", "", ".", "a.c sub/b.c"},
      {"sub/*.c", "", ".", "sub/b.c"},
      {"sub/*.c", "", "sub", "sub/b.c"},
      {"deep/*", "", "sub", "sub/deep/c.h"},
      {"*.{c,h}", "", ".", "a.c sub/b.c sub/deep/c.h"},
      {"!*.min.js", "", "sub", "sub/b.c sub/deep/c.h"},
      {"sub/", "", ".", "sub/b.c sub/b.min.js sub/deep/c.h"},
      {"", "c", ".", "a.c sub/b.c sub/deep/c.h"},
      {"", "python", ".", "a.py"},
      {"sub/**", "js", ".", "sub/b.min.js"},
  };
  for (const Row& row : rows) {
    INFO(row.glob << " " << row.type << " in " << row.path);
    GrepQuery query;
    query.pattern = "x";
    query.mode = OutputMode::kFiles;
    query.glob = row.glob;
    query.type = row.type;
    query.path = tree.path(row.path);
    std::string files = tree.grep(query);
    files.resize(files.find("\n\n"));
    std::replace(files.begin(), files.end(), '\n', ' ');
    CHECK(files == row.want);
  }
}

TEST_CASE("grep answers the same with any number of workers") {
  Files files;
  for (int i = 0; i < 700; ++i) {
    std::string content;
    for (int j = 0; j < i % 13; ++j) content += "hit " + std::to_string(j) + "\nother\n";
    files["d" + std::to_string(i % 17) + "/f" + std::to_string(i)] = content;
  }
  SearchedTree alone(files, 0);
  SearchedTree helped(files, 3);
  for (const OutputMode mode : {OutputMode::kContent, OutputMode::kFiles, OutputMode::kCount}) {
    GrepQuery query;
    query.pattern = "hit";
    query.mode = mode;
    query.offset = 33;
    const std::string want = alone.grep(query);
    for (int i = 0; i < 5; ++i) CHECK(helped.grep(query) == want);
  }
}

TEST_CASE("grep of one file searches it though it is ignored, and follows a symlink to it") {
  SearchedTree tree(Files{{".gitignore", "f\n"}, {"f", "x\n"}});
  tree.files.link("f", "link");
  GrepQuery query;
  query.pattern = "x";
  query.path = tree.path("f");
  CHECK(tree.grep(query) == "f\n1:x\n\n1 match in 1 of 1 file\n");
  query.path = tree.path("link");
  CHECK(tree.grep(query) == "link\n1:x\n\n1 match in 1 of 1 file\n");
}

TEST_CASE("grep matches across lines with multiline and shows all of them") {
  SearchedTree tree(Files{{"f", "a\nfoo(\n  bar)\nz\n"}});
  GrepQuery query;
  query.pattern = "foo\\(\\s*bar\\)";
  query.match.multiline = true;
  CHECK(tree.grep(query) == "f\n2:foo(\n3:  bar)\n\n1 match in 1 of 1 file\n");
  query.before = 1;
  query.after = 1;
  CHECK(tree.grep(query) == "f\n1-a\n2:foo(\n3:  bar)\n4-z\n\n1 match in 1 of 1 file\n");
}

TEST_CASE("grep shows the lines behind a match over the edge of a window") {
  std::string content;
  for (int i = 1; i < 10'500; ++i) {
    const std::string line = (i == 10'484 ? "needle " : "line ") + std::to_string(i);
    content += line + std::string(99 - line.size(), '.') + "\n";
  }
  SearchedTree tree(Files{{"f", content}});
  GrepQuery query;
  query.pattern = "needle";
  query.after = 4;
  query.head_limit = 1;
  const std::string text = tree.grep(query);
  CHECK_THAT(text, Contains("10484:needle") && Contains("\n10485-line 10485.") &&
                       Contains("\n10486-line 10486.") && Contains("\n10488-line 10488.") &&
                       !Contains("10489"));
}

TEST_CASE("grep shows a line over the edge of a window once") {
  const std::string rest(TextReader::kWindowBytes, 'x');
  SearchedTree tree(Files{{"f", "needle" + rest + "\nb\nc\nneedle\n" + rest + "\ne\nneedle"}});
  GrepQuery query;
  query.pattern = "needle";
  query.after = 2;
  std::string lines;  // without their text
  std::istringstream text(tree.grep(query));
  for (std::string line; std::getline(text, line);) lines += line.substr(0, 2);
  CHECK_THAT(lines, StartsWith("f1:2-3-4:5-6-7:"));
}

TEST_CASE("grep takes the line ends of Windows for line breaks of a multiline pattern") {
  SearchedTree tree(Files{{"crlf", "int f(void)\r\n{\r\n}\r\n"}, {"lf", "int f(void)\n{\n}\n"}});
  GrepQuery query;
  query.match.multiline = true;
  query.mode = OutputMode::kCount;
  for (const char* pattern : {"void\\)\\n\\{", "void\\)\n\\{"}) {
    query.pattern = pattern;
    CHECK_THAT(tree.grep(query), Contains("crlf:1\nlf:1\n"));
  }
  query.pattern = "void\\)\\r\\n";
  CHECK_THAT(tree.grep(query), Contains("crlf:1\n\n"));
}

// Long enough for the fast program to be made.
TEST_CASE("grep finds letters in the other case that classes and rare characters stand for") {
  std::string filler;
  for (int i = 0; i < 60'000; ++i) filler += "qq is aq or qa, mas\n";
  struct Row {
    const char* pattern;
    bool ignore_case;
    const char* line;
  };
  const Row rows[] = {
      {"q(?-i:[^a-z])q", true, "qAq"},
      {"q(?-i)[^a-z]q", true, "qBq"},
      {"m[a-b]\xC5\xBFs", true, "xMASSx"},
      {"(?i)m[a-b]\xC5\xBFs", false, "xMASSx"},
      {"(?i)m[a-b][\xC5\xBF]S", false, "xMAssx"},
      {"q\\W\\w\\Wq", true, "q K q"},
  };
  for (const Row& row : rows) {
    INFO(row.pattern);
    SearchedTree tree(Files{{"f", filler + row.line + "\n"}});
    GrepQuery query;
    query.pattern = row.pattern;
    query.match.ignore_case = row.ignore_case;
    CHECK_THAT(tree.grep(query), Contains(std::string(":") + row.line + "\n"));
  }
}

}  // namespace
}  // namespace quarry::search
