#include "server/search/find_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;
using Catch::Contains;

void set_mtime(const std::string& path, std::int64_t seconds) {
  const timespec times[2] = {{seconds, 0}, {seconds, 0}};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

// Names that each of many alternatives has to be tried against to the end.
struct SlowNames {
  SlowNames() {
    for (int i = 0; i < 2000; ++i) {
      files["d/abababababababab_" + std::to_string(i) + "q"] = "x";
    }
    for (int i = 0; i < 8; ++i) pattern += "*{a,b}";
    pattern += "?*[0]q";
  }
  std::map<std::string, std::string> files;
  std::string pattern;
};

TEST_CASE(
    "find_files and grep stop while names are tried, by what that takes, and say so (SR-10)") {
  const SlowNames slow;
  SearchedTree tree(slow.files);
  const TickingClock clock;
  const CancelToken token(clock, clock.now_ns + 100'000'000);
  const Engine engine{*tree.workspace, tree.pool, token, clock};
  FindQuery find;
  find.pattern = slow.pattern;
  const auto found = find_files(find, engine);
  REQUIRE(found);
  CHECK_THAT(found->text, Catch::Contains("incomplete: time was up before"));
  CHECK_FALSE(found->complete);
  CHECK_FALSE(found->repeatable);
  CHECK(clock.now_ns < 150'000'000);

  const TickingClock again;
  const CancelToken other(again, again.now_ns + 100'000'000);
  GrepQuery query;
  query.pattern = "x";
  query.glob = slow.pattern;
  const auto searched = grep(query, {*tree.workspace, tree.pool, other, again});
  REQUIRE(searched);
  CHECK_THAT(searched->text, Catch::Contains("not reached in time"));
  CHECK_FALSE(searched->complete);
  CHECK(again.now_ns < 150'000'000);
}

TEST_CASE("find_files matches names at any depth and paths below its start") {
  SearchedTree tree(Files{{"a.h", ""}, {"src/b.h", ""}, {"src/deep/c.h", ""}, {"src/c.cc", ""}});
  tree.files.link("a.h", "link.h");
  CHECK(tree.find("*.h") == "a.h\nlink.h\nsrc/b.h\nsrc/deep/c.h\n\n4 of 5 files match\n");
  CHECK(tree.find("src/*.h") == "src/b.h\n\n1 of 5 files match\n");
  CHECK(tree.find("./src/**") == "src/b.h\nsrc/c.cc\nsrc/deep/c.h\n\n3 of 5 files match\n");
  CHECK(tree.find("src/") == "src/b.h\nsrc/c.cc\nsrc/deep/c.h\n\n3 of 5 files match\n");
  CHECK(tree.find(tree.workspace->root() + "/src/*.h") == "src/b.h\n\n1 of 5 files match\n");
  FindQuery query;
  query.sort = FileOrder::kPath;
  query.path = tree.path("src");
  query.pattern = "deep/*";
  CHECK(tree.find(query) == "src/deep/c.h\n\n1 of 3 files match\n");
  query.pattern = "src/deep/*";
  CHECK_THAT(tree.find(query), Contains("0 of 3 files match"));
}

TEST_CASE("find_files sorts by time, newest first, and pages add up") {
  SearchedTree tree(Files{{"a", ""}, {"b", ""}, {"c/d", ""}, {"e", ""}, {"f", ""}});
  set_mtime(tree.files.path("a"), 100);
  set_mtime(tree.files.path("b"), 300);
  set_mtime(tree.files.path("c/d"), 400);
  set_mtime(tree.files.path("e"), 300);
  set_mtime(tree.files.path("f"), 200);
  FindQuery query;
  query.pattern = "*";
  CHECK(tree.find(query) == "c/d\nb\ne\nf\na\n\n5 of 5 files match\n");
  query.limit = 2;
  CHECK(tree.find(query) == "c/d\nb\n\n3 more; call again with offset=2\n5 of 5 files match\n");
  query.offset = 4;
  CHECK(tree.find(query) == "a\n\n5 of 5 files match\n");
  query.offset = 9;
  CHECK_THAT(tree.find(query), Contains("offset=9 is behind the last of 5 files"));
  query.offset = 0;
  query.limit = 0;
  query.max_bytes = 10;
  CHECK_THAT(tree.find(query), Contains("call again with offset="));
}

TEST_CASE("find_files takes all of a directory of which the rules leave nothing, and says so") {
  SearchedTree tree(Files{{".gitignore", "/out/**\n/cache/*\n"},
                          {".venv/.gitignore", "*\n"},
                          {".venv/lib/site.py", ""},
                          {"out/gen/a.h", ""},
                          {"cache/b.h", ""},
                          {"cache/.gitignore", "!.gitignore\n"},
                          {"src/c.h", ""}});
  FindQuery query;
  query.sort = FileOrder::kPath;
  query.pattern = "*.h";
  CHECK_THAT(tree.find(query), Contains("src/c.h\n\n1 of 3 files match; not listed: 2 ignored "
                                        "files and 2 directories"));
  query.path = tree.path("out");
  CHECK(tree.find(query) ==
        "out/gen/a.h\n\n1 of 1 file match\n"
        "note: the ignore rules leave out all of it, so they were not applied\n");
  query.path = tree.path("out/gen");
  CHECK_THAT(tree.find(query), Contains("out/gen/a.h\n\n1 of 1 file"));
  query.path = tree.path(".venv");
  query.pattern = "**";
  CHECK_THAT(tree.find(query), Contains(".venv/.gitignore\n.venv/lib/site.py\n\n2 of 2 files"));
  // One that they leave something of stays under them.
  query.path = tree.path("cache");
  CHECK_THAT(tree.find(query), Contains("cache/.gitignore\n\n1 of 1 file match; not listed: 1 "));
}

TEST_CASE("find_files says what it left out, and looks again when nothing matches") {
  SearchedTree tree(Files{{".gitignore", "gen/\n*.tmp\n"},
                          {"gen/x/out.pb.cc", ""},
                          {"a.tmp", ""},
                          {"README.md", ""},
                          {"app/[id]/page.tsx", ""}});
  CHECK_THAT(tree.find("*.md"), Contains("1 of 3 files match; not listed: 1 ignored file and 1 "
                                         "directory (include_ignored=true lists them)"));
  CHECK_THAT(tree.find("*.pb.cc"),
             Contains("0 of 3 files match; but 1 ignored (include_ignored=true)"));
  CHECK_THAT(tree.find("*.tmp"), Contains("but 1 ignored"));
  CHECK_THAT(tree.find("readme*"), Contains("but 1 with the other case"));
  CHECK_THAT(tree.find("readme"), Contains("0 of 3 files match; but 1 with * around it"));
  CHECK_THAT(tree.find("[[]id]/*.tsx"), Contains("but 1 with **/ before it"));
  CHECK_THAT(tree.find("app/[id]/*"), Contains("but 1 with \\ before each [ ] { }"));
  CHECK_THAT(tree.find("app/\\[id\\]/*"), Contains("app/[id]/page.tsx\n"));
  FindQuery query;
  query.pattern = "*.pb.cc";
  query.include_ignored = true;
  CHECK(tree.find(query) == "gen/x/out.pb.cc\n\n1 of 5 files match\n");
}

TEST_CASE(
    "find_files looks again for directories, lists of patterns and the case in ignored files") {
  SearchedTree tree(Files{{".gitignore", "out/\n"},
                          {"src/commands/run.c", ""},
                          {"src/commands/run.h", ""},
                          {"out/Made.c", ""}});
  CHECK_THAT(tree.find("**/commands"), Contains("but 1 directory (add /** for the files in it)"));
  CHECK_THAT(tree.find("*.c,*.h"), Contains("but 2 with {*.c,*.h}"));
  CHECK_THAT(tree.find("*.c *.h"), Contains("but 2 with {*.c,*.h}"));
  CHECK_THAT(tree.find("made.*"),
             Contains("but 1 ignored with the other case (include_ignored=true)"));
  CHECK_THAT(tree.find("*.{c,h"), Contains("error: ") && Contains("'{' that is not closed"));
  GrepQuery query;
  query.pattern = "x";
  query.glob = "*.c, *.h";
  CHECK_THAT(tree.grep(query), Contains("note: glob is one pattern; for a list write {*.c,*.h}"));
}

TEST_CASE("find_files refuses patterns that leave the root (SR-10, SR-12)") {
  SearchedTree tree(Files{{"a", ""}});
  for (const char* pattern : {"../**", "a/../../x", "/etc/*", "/", "", "a[", "{a,b"}) {
    INFO(pattern);
    const std::string text = tree.find(pattern);
    CHECK_THAT(text, Contains("error: "));
    CHECK_THAT(text, !Contains("/tmp"));
  }
}

TEST_CASE("find_files that is out of time says so, a cancelled one fails") {
  SearchedTree tree(Files{{"a", ""}});
  FindQuery query;
  query.pattern = "*";
  CancelToken late(tree.clock, tree.clock.now_ns);
  const auto answer = find_files(query, {*tree.workspace, tree.pool, late, tree.clock});
  REQUIRE(answer);
  CHECK_FALSE(answer->complete);
  CHECK_THAT(answer->text, Contains("incomplete: time was up"));
  tree.cancel.cancel();
  CHECK_FALSE(find_files(query, tree.engine()));
}

}  // namespace
}  // namespace quarry::search
