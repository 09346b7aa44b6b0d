#include <catch2/catch.hpp>

#include "server/base/hash.h"
#include "server/files/line_index.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "tests/files/images.h"
#include "tests/support/still_clock.h"
#include "tests/support/temp_workspace.h"
#include "tests/support/tool_call.h"
#include "tests/tools/git/git_tools.h"

namespace quarry::tools {
extern const Tool read_file;
namespace {

test::ToolAnswer call(const test::TempWorkspace& tree, std::string_view arguments,
                      std::int64_t max_tokens = 8000) {
  const auto workspace = sandbox::Workspace::open(tree.root());
  REQUIRE(workspace);
  const test::StillClock clock;  // however slow the machine is
  files::LineIndexes indexes(clock);
  pool::Pool pool({.workers = 0});
  return test::call_tool(read_file, arguments,
                         {.files = **workspace,
                          .line_indexes = indexes,
                          .pool = pool,
                          .clock = &clock,
                          .max_tokens = max_tokens});
}

TEST_CASE("read_file takes the names that other servers use") {
  const test::TempWorkspace tree;
  tree.write("a.txt", "1\n2\n3\n4\n");
  const std::string header =
      "a.txt: 4 lines, 8 B, utf-8, lf, hash " + content_hash("1\n2\n3\n4\n") + "\n";
  const std::string two_three =
      "     2\t2\n     3\t3\nlines 2-3 of 4; continue with offset=4, limit=2";
  struct Row {
    const char* arguments;
    std::string want;
  };
  const Row rows[] = {
      {R"({"path":"a.txt","offset":2,"limit":2})", two_three},
      {R"({"file_path":"a.txt","offset":"2","limit":"2"})", two_three},
      {R"({"filePath":"a.txt","startLine":2,"endLine":3})", two_three},
      {R"({"target_file":"a.txt","start_line":2,"end_line":3})", two_three},
      {R"({"relative_path":"a.txt","offset":2,"length":2})", two_three},
      {R"({"path":"a.txt","tail":1,"offset":1,"limit":2000})", "     4\t4"},
      {R"({"path":"a.txt","tail":3,"limit":1})", "     4\t4"},
      {R"({"path":"a.txt","end_line":1})",
       "     1\t1\nlines 1-1 of 4; continue with offset=2, limit=1"},
      {R"({"path":"./a.txt","start_line":4})", "     4\t4"},
      {R"({"absolute_path":"a.txt","view_range":[2,3]})", two_three},
      {R"({"path":"a.txt","view_range":[4,-1]})", "     4\t4"},
      {R"({"path":"a.txt","line_range":"2-3"})", two_three},
      {R"({"path":"a.txt","lines":"4"})", "     4\t4"},
      {R"({"path":"a.txt","view_range":"[2, 3]"})", two_three},
      {R"({"path":"a.txt","view_range":"4,-1"})", "     4\t4"},
      {R"({"path":"a.txt","start":2,"end":3})", two_three},
      {R"({"path":"a.txt","offset":2,"end_line":3})", two_three},
      {R"({"path":"a.txt","offset":1,"start_line":2,"end_line":4,"limit":2})", two_three},
      {R"({"path":"a.txt","head":1})",
       "     1\t1\nlines 1-1 of 4; continue with offset=2, limit=1"},
      {R"({"path":"a.txt","offset":-1})", "     4\t4"},
      {R"({"path":"a.txt","mode":"text","offset":9})",
       "offset 9 is past the end: the last line is 4"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    CHECK(call(tree, row.arguments).text() == header + row.want);
  }
}

TEST_CASE("read_file takes a class of characters for a glob where no file is called so") {
  const test::TempWorkspace tree;
  for (const char* name : {"a1", "a2", "a3", "[id].ts", "i.ts"}) tree.write(name, "x\n");
  const std::string text = call(tree, R"({"paths":["a[12]","[id].ts","["]})").text();
  INFO(text);
  for (const char* header : {"a1: 1 line", "a2: 1 line", "[id].ts: 1 line", "[: not read"}) {
    CHECK(text.find(header) != text.npos);
  }
  for (const char* header : {"a3: 1 line", "\ni.ts: 1 line"}) CHECK(text.find(header) == text.npos);
}

TEST_CASE("read_file shows a file once that several paths name") {
  const test::TempWorkspace tree;
  tree.write("a.txt", "1\n");
  tree.write("b.txt", "2\n");
  const auto count = [&](std::string_view text, std::string_view of) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(of, at)) != text.npos; ++at) ++found;
    return found;
  };
  const std::string text = call(tree, R"({"paths":["b.txt","*.txt","./b.txt","a*","no"]})").text();
  INFO(text);
  CHECK(count(text, "a.txt: 1 line") == 1);
  CHECK(count(text, "b.txt: 1 line") == 1);
  CHECK(count(text, "no: not read") == 1);
  CHECK(text.starts_with("b.txt"));
}

TEST_CASE("read_file takes a list for paths whatever it is called") {
  const test::TempWorkspace tree;
  tree.write("a.txt", "1\n");
  tree.write("b.txt", "2\n");
  const std::string want = call(tree, R"({"paths":["a.txt","b.*"]})").text();
  CHECK(call(tree, R"({"path":["a.txt","b.*"]})").text() == want);
  CHECK(call(tree, R"({"file_path":["a.txt","b.*"]})").text() == want);
}

TEST_CASE("read_file says what is wrong with its arguments") {
  const test::TempWorkspace tree;
  tree.write("a.txt", "1\n");
  tree.write("sub/deep/b.txt", "1\n");
  struct Row {
    const char* arguments;
    const char* want;  // occurs in the error
  };
  const Row rows[] = {
      {R"({})", "missing argument 'path' (or 'paths')"},
      {R"({"paths":[]})", "missing argument 'path' (or 'paths')"},
      {R"({"path":"a.txt","paths":["a.txt"]})", "give path or paths, not both"},
      {R"({"path":"a.txt","offset":2,"tail":1})", "give offset or tail, not both"},
      {R"({"path":"a.txt","start_line":3,"end_line":2})", "end_line 2 is before start_line 3"},
      {R"({"path":"a.txt","offset":0})", "for the last lines use tail"},
      {R"({"path":"a.txt","offset":-3,"mode":"hex"})", "bytes are counted from 0"},
      {R"({"path":"a.txt","offset":-3,"tail":2})", "give offset or tail, not both"},
      {R"({"path":"a.txt","view_range":[3]})", "view_range"},
      {R"({"path":"a.txt","lines":"3-"})", "view_range"},
      {R"({"path":"a.txt","lines":"all"})", "view_range"},
      {R"({"path":"a.txt","offset":3,"end_line":2})", "end_line 2 is before line 3"},
      {R"({"path":"a.txt","offset":3,"start_line":2})", "give offset or start_line, not both"},
      {R"({"path":"a.txt","start_line":2,"tail":1})", "give start_line or tail, not both"},
      {R"({"path":"a.txt","offset":-2,"end_line":2})", "give end_line or tail, not both"},
      {R"({"path":"a.txt","lines":[1,2],"end_line":2})", "view_range or start_line and end_line"},
      {R"({"path":"a.txt","mode":"hex","start_line":1})", "mode=hex has none"},
      {R"({"path":"a.txt","view_range":[3,2]})", "view_range"},
      {R"({"path":"*.none"})", "*.none: not read: no file matches"},
      {R"({"path":"A.TXT"})", "did you mean 'a.txt'?"},
      {R"({"path":"sub\\deep\\b.txt"})", "'sub/deep/b.txt' exists"},
      {R"({"path":"sub/deeep/b.txt"})", "did you mean 'sub/deep'?"},
      {R"({"path":"a.txt","mode":"octal"})", "mode"},
      {R"({"path":"a.txt","mode":"hex","offset":99})", "past the end"},
      {R"({"path":"a.txt","encoding":"none"})", "unknown encoding 'none'"},
      {R"({"path":7})", "path"},
      {R"({"path":"../a.txt"})", "path"},
      {R"({"path":"a.txt","ref":""})", "ref"},
      {R"({"paths":["no","../x"]})", "no: not read: "},
  };
  for (const Row& row : rows) {
    const test::ToolAnswer answer = call(tree, row.arguments);
    INFO(row.arguments << "\n" << answer.text());
    CHECK(answer.error.find(row.want) != std::string::npos);
  }
  std::string many = R"({"paths":["a.txt")";
  for (int i = 0; i < 100; ++i) many += R"(,"a.txt")";
  CHECK(call(tree, many + "]}").error == "101 paths are too many; at most 100 in one call");
}

TEST_CASE("read_file takes a name with the characters of a glob for the file of that name") {
  const test::TempWorkspace tree({{"a{b}.txt", "braces\n"}, {"ab.txt", "plain\n"}, {"x?", "q\n"}});
  const std::string read = call(tree, R"({"paths":["a{b}.txt","x?"]})").text();
  CHECK(read.find("braces") != std::string::npos);
  CHECK(read.find("plain") == std::string::npos);
  CHECK(read.find("x?: 1 line") != std::string::npos);
  CHECK(call(tree, R"({"paths":["{ab}.txt"]})").text().find("plain") != std::string::npos);
}

TEST_CASE("read_file takes a list of paths that was sent as text") {
  const test::TempWorkspace tree({{"a.txt", "a\n"}, {"b.txt", "b\n"}, {"[x]", "c\n"}});
  const std::string want = call(tree, R"({"paths":["a.txt","b.txt"]})").text();
  CHECK(want.find("b.txt: 1 line") != std::string::npos);
  CHECK(call(tree, R"({"paths":"[\"a.txt\", \"b.txt\"]"})").text() == want);
  CHECK(call(tree, R"({"paths":"[x]"})").text().find("[x]: 1 line") != std::string::npos);
}

TEST_CASE("read_file reads several files and reports failures in place") {
  const test::TempWorkspace tree({{"a.txt", "a\n"}, {"b.txt", "b\n"}});
  const std::string answer = call(tree, R"({"paths":["a.txt","no.txt","b.txt"]})").text();
  CHECK(answer.starts_with("a.txt: 1 line, 2 B, utf-8, lf, hash " + content_hash("a\n") +
                           "\n     1\ta\n\nno.txt: not read: "));
  CHECK(answer.ends_with("\n\nb.txt: 1 line, 2 B, utf-8, lf, hash " + content_hash("b\n") +
                         "\n     1\tb"));
}

TEST_CASE("read_file shares its budget among several files") {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "some text on a line\n";
  const test::TempWorkspace tree({{"long", lines}, {"short", "x\n"}, {"other", lines}});
  const test::ToolAnswer both = call(tree, R"({"paths":["short","long","other"]})", 1000);
  CHECK(both.output.text.size() <= 4400);
  CHECK(both.output.text.size() > 3300);
  CHECK(both.output.text.find("continue with path=long, offset=") != std::string::npos);
  CHECK(both.output.text.find("continue with path=other, offset=") != std::string::npos);

  const test::ToolAnswer full = call(tree, R"({"paths":["long","other","short"]})", 150);
  CHECK(full.output.text.find("\nnot read, the answer is full; call again with paths:\n") !=
        std::string::npos);
  CHECK(full.output.text.ends_with("short"));
}

TEST_CASE("read_file shows of the first of many files no less than of the others") {
  const test::TempWorkspace tree;
  std::string paths;
  for (char name = 'a'; name <= 't'; ++name) {
    tree.write(std::string(1, name), "1\n2\n3\n4\n5\n");
    paths += fmt::format(R"({}"{}")", paths.empty() ? "" : ",", name);
  }
  const std::string text = call(tree, R"({"paths":[)" + paths + "]}", 300).text();
  CHECK(text.starts_with("a: 5 lines, 10 B"));
  CHECK(text.find("     5\t5\n\nb: 5 lines") != std::string::npos);
}

TEST_CASE("read_file shows any file's bytes in hex, and the arguments that continue") {
  const test::TempWorkspace tree({{"a.bin", std::string(40, '\0') + "end"}});
  CHECK(call(tree, R"({"path":"a.bin","mode":"hex","limit":16})").text() ==
        "a.bin: 43 B, hex\n"
        "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
        "bytes 0 to before 16 of 43; continue with mode=hex, offset=16, limit=16");
  const std::string tail =
      "a.bin: 43 B, hex\n"
      "00000028  65 6e 64                                          |end|";
  CHECK(call(tree, R"({"path":"a.bin","mode":"hex","tail":3})").text() == tail);
  CHECK(call(tree, R"({"path":"a.bin","mode":"hex","offset":40})").text() == tail);
}

TEST_CASE("read_file takes globs among its paths") {
  const test::TempWorkspace tree({{".gitignore", "*.o\n"},
                                  {"src/b.c", "b\n"},
                                  {"src/a.c", "a\n"},
                                  {"src/a.o", "o\n"},
                                  {"src/caf\xC3\xA9\\.c", "c\n"},
                                  {"z.txt", "z\n"}});
  const SystemClock clock;
  pool::Pool workers({.workers = 0});
  const auto workspace = sandbox::Workspace::open(tree.root());
  REQUIRE(workspace);
  files::LineIndexes indexes(clock);
  const std::string text =
      test::call_tool(read_file, R"({"paths":["z.txt","src/*.c","*.none"]})",
                      {.files = **workspace, .line_indexes = indexes, .pool = workers})
          .text();
  std::size_t at = 0;
  for (const char* part : {"z.txt: 1 line", "\n\nsrc/a.c: 1 line", "\n\nsrc/b.c: 1 line", "src/caf",
                           "1 line", "\n\n*.none: not read: no file matches"}) {
    INFO(part << " in " << text);
    const std::size_t found = text.find(part, at);
    REQUIRE(found != std::string::npos);
    at = found + 1;
  }
  CHECK(text.find("a.o") == std::string::npos);
}

TEST_CASE("read_file takes a glob for its path where no file is called so") {
  const test::TempWorkspace tree({{"a.txt", "one\n"}, {"b.txt", "two\n"}, {"c*.txt", "three\n"}});
  CHECK(call(tree, R"({"path":"?.txt"})").text() == call(tree, R"({"paths":["?.txt"]})").text());
  CHECK_THAT(call(tree, R"({"path":"?.txt"})").text(),
             Catch::Contains("one") && Catch::Contains("two"));
  CHECK_THAT(call(tree, R"({"path":"c*.txt"})").text(), Catch::StartsWith("c*.txt: 1 line"));
}

TEST_CASE("read_file names the files elsewhere that are called so") {
  const test::TempWorkspace tree({{"kernel/fair.c", "one\n"},
                                  {"lib/sort.c", "two\n"},
                                  {"tests/sort.c", "three\n"},
                                  {"a/Makefile", ""},
                                  {"b/Makefile", ""},
                                  {"c/Makefile", ""},
                                  {"d/Makefile", ""},
                                  {".gitignore", "out/\n"},
                                  {"out/gen.c", ""}});
  CHECK(call(tree, R"({"path":"fair.c"})").error ==
        "no file 'fair.c' in the root; did you mean 'kernel/fair.c'?");
  CHECK(call(tree, R"({"path":"src/sort.c"})").error ==
        "no file 'src/sort.c'; 'src' does not exist; did you mean 'lib/sort.c' or 'tests/sort.c'?");
  CHECK_THAT(call(tree, R"({"paths":["fair.c","lib/sort.c"]})").output.text,
             Catch::Contains("did you mean 'kernel/fair.c'?"));
  // Each look costs a walk of the tree: the first few are enough to see what is wrong.
  const std::string many = call(tree, R"({"paths":["a/fair.c","b/fair.c","c/fair.c","d/fair.c",)"
                                      R"("lib/sort.c"]})")
                               .output.text;
  CHECK_THAT(many, Catch::Contains("'c' exists; did you mean 'kernel/fair.c'?"));
  CHECK_THAT(many, Catch::Contains("'d' exists; list_directory and glob"));
  // Too many of them, or none that is shown.
  for (const std::string path : {"Makefile", "gen.c", "none.c"}) {
    CHECK(call(tree, R"({"path":")" + path + "\"}").error ==
          "no file '" + path + "' in the root; list_directory and glob show what is there");
  }
}

TEST_CASE("read_file reads a file as a revision has it") {
  test::GitTools git({{"a.txt", "1\n2\n3\n"}});
  const std::string id = git.git({"rev-parse", "--short", "HEAD"}).substr(0, 7);
  git.workspace.write("a.txt", "changed\n");
  const std::string header = "a.txt at main (" + id + "): 3 lines, 6 B, utf-8, lf, hash " +
                             content_hash("1\n2\n3\n") + "\n";
  CHECK(git(read_file, R"({"path":"a.txt","ref":"main"})") ==
        header + "     1\t1\n     2\t2\n     3\t3");
  CHECK(git(read_file, R"({"path":"a.txt","revision":"main","limit":1})") ==
        header + "     1\t1\nlines 1-1 of 3; continue with ref=main, offset=2, limit=1");
  CHECK(git(read_file, R"({"path":"a.txt","ref":"main","mode":"hex","limit":2})") ==
        "a.txt at main (" + id + "): 6 B, hex\n" +
            "00000000  31 0a                                             |1.|\n"
            "bytes 0 to before 2 of 6; continue with ref=main, mode=hex, offset=2, limit=2");
  git.workspace.write("new.txt", "of the tree alone\n");
  CHECK(git(read_file, R"({"paths":["*.txt","*.c"],"ref":"main"})") ==
        header + "     1\t1\n     2\t2\n     3\t3\n\n" +
            "*.c: not read: no file of the revision matches");
  CHECK(git(read_file, R"({"paths":["*.txt"],"ref":"no-such"})").find("no revision 'no-such'") !=
        std::string::npos);
}

TEST_CASE("read_file hides private keys and files for secrets at any revision") {
  const std::string key = "-----BEGIN EC PRIVATE KEY-----\n" + std::string(64, 'k') +
                          "\n-----END EC PRIVATE KEY-----\n";
  test::GitTools git({{"notes", key.c_str()}, {".env", "TOKEN=1\n"}, {"plain", "text\n"}});
  for (const char* ref : {"", R"(,"ref":"main")"}) {
    for (const char* mode : {"", R"(,"mode":"hex")", R"(,"mode":"hex","offset":50)"}) {
      for (const char* path : {"notes", ".env"}) {
        const std::string answer =
            git(read_file, std::string(R"({"path":")") + path + "\"" + ref + mode + "}");
        INFO(path << ref << mode);
        CHECK_THAT(answer, Catch::StartsWith("error: ") && Catch::Contains("--allow-secrets"));
      }
    }
    CHECK_THAT(git(read_file, std::string(R"({"path":"plain")") + ref + "}"),
               Catch::EndsWith("\ttext"));
  }
}

TEST_CASE("read_file shows a notebook by cells, as JSON when asked, and as text when it is none") {
  const std::string notebook =
      R"({"cells":[{"cell_type":"code","execution_count":1,"source":["x\n"],"outputs":[]}]})";
  test::GitTools git({{"a.ipynb", notebook.c_str()}, {"bad.ipynb", "{\n"}});
  CHECK_THAT(git(read_file, R"({"path":"a.ipynb"})"),
             Catch::StartsWith("a.ipynb: notebook, 1 cell (1 code), ") &&
                 Catch::EndsWith("\n-- cell 1 (code [1])\nx"));
  CHECK_THAT(git(read_file, R"({"path":"a.ipynb","ref":"main"})"),
             Catch::StartsWith("a.ipynb at main (") && Catch::Contains("): notebook, 1 cell"));
  CHECK_THAT(git(read_file, R"({"path":"a.ipynb","mode":"text"})"),
             Catch::EndsWith("     1\t" + notebook));
  for (const char* arguments :
       {R"({"path":"bad.ipynb"})", R"({"path":"bad.ipynb","ref":"main"})"}) {
    CHECK_THAT(git(read_file, arguments), Catch::Contains("     1\t{\nnot shown as a notebook: "));
  }
  CHECK_THAT(git(read_file, R"({"path":"no.ipynb"})"), Catch::Contains("no file 'no.ipynb'"));
}

TEST_CASE("read_file returns images within one bound for the call") {
  const std::string small = test::png(3, 4);
  const std::string half = test::png(3, 4, 2'000'000);
  const test::TempWorkspace tree({{"a.png", small}, {"b.png", half}, {"c.png", half}});
  const test::ToolAnswer one = call(tree, R"({"path":"a.png"})");
  CHECK(one.text() == "a.png: PNG image, 3 x 4 pixels, 45 B, hash " + content_hash(small));
  REQUIRE(one.output.images.size() == 1);
  CHECK(one.output.images[0].bytes == small);
  CHECK(one.output.images[0].mime_type == "image/png");
  CHECK(one.output.structured.empty());

  const test::ToolAnswer three = call(tree, R"({"paths":["a.png","b.png","c.png"]})");
  CHECK(three.output.images.size() == 2);
  CHECK(three.text().find("c.png: not read: 'c.png' is a PNG image of 1.9 MiB; with the other "
                          "images of this call it is over 3.75 MB: read it alone") !=
        std::string::npos);
}

}  // namespace
}  // namespace quarry::tools
