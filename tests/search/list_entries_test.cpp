#include "server/search/list_entries.h"

#include <filesystem>

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;
using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("list_entries shows a tree to its depth, with counts where it stops") {
  SearchedTree tree(
      Files{{"src/a.c", "12345"}, {"src/sub/b.c", ""}, {"src/sub/c.c", ""}, {"z", "1"}});
  tree.files.make_directory("empty");
  CHECK(tree.list() == "empty/ (0 entries)\nsrc/ (2 entries)\nz\n\n3 entries in .\n");
  CHECK(tree.list(".", 2) ==
        "empty/\nsrc/\n  a.c\n  sub/ (2 entries)\nz\n\n5 entries in . to depth 2\n");
  CHECK(tree.list(".", 3) ==
        "empty/\nsrc/\n  a.c\n  sub/\n    b.c\n    c.c\nz\n\n7 entries in . to depth 3\n");
  CHECK(tree.list("src/sub") == "b.c\nc.c\n\n2 entries in src/sub\n");
  CHECK(tree.list("empty") == "0 entries in empty\n");
  ListQuery query;
  query.path = tree.path("src");
  query.sizes = true;
  CHECK(tree.list(query) == "a.c (5 bytes)\nsub/ (2 entries)\n\n2 entries in src\n");
}

TEST_CASE("list_entries says of a directory that it could not read that it did not") {
  SearchedTree tree(Files{{"a/closed/x", ""}});
  namespace fs = std::filesystem;
  fs::permissions(tree.files.root(), fs::perms(0755));
  fs::permissions(tree.files.path("a/closed"), fs::perms::none);
  // Root reads everything; as another user for files, it does not.
  const uid_t own = geteuid();
  if (own == 0) setfsuid(65534);
  for (const int depth : {2, 3}) {
    ListQuery query;
    query.depth = depth;
    const auto answer = list_entries(query, tree.engine());
    REQUIRE(answer);
    CHECK_THAT(answer->text, StartsWith("a/\n  closed/ (unreadable)\n\n2 entries"));
    CHECK_FALSE(answer->repeatable);
  }
  if (own == 0) setfsuid(own);
  fs::permissions(tree.files.path("a/closed"), fs::perms::owner_all);
}

TEST_CASE("list_entries pages repeat the directories above their first line") {
  SearchedTree tree(Files{{"a/b/1", ""}, {"a/b/2", ""}, {"a/b/3", ""}, {"c", ""}});
  ListQuery query;
  query.depth = 3;
  query.limit = 3;
  CHECK(tree.list(query) ==
        "a/\n  b/\n    1\n\n3 more; call again with offset=3\n6 entries in . to depth 3\n");
  query.offset = 3;
  CHECK(tree.list(query) == "a/\n  b/\n    2\n    3\nc\n\n6 entries in . to depth 3\n");
  query.offset = 7;
  CHECK_THAT(tree.list(query), Contains("offset=7 is behind the last of 6 entries"));
  query.offset = 0;
  query.max_bytes = 16;
  CHECK_THAT(tree.list(query), Contains("call again with offset="));
}

TEST_CASE("list_entries is cut when its ignore rules take too long, and says so") {
  Files files;
  for (int i = 0; i < 500; ++i) files["abcdefghij3klmnop_" + std::to_string(i)] = "";
  for (int i = 0; i < 2000; ++i) files[".gitignore"] += "*a*3*b*[q]\n";
  SearchedTree tree(files);
  CHECK_THAT(tree.list(), Contains("incomplete: the ignore rules take too long"));
  ListQuery query;
  query.include_ignored = true;
  CHECK_THAT(tree.list(query), Contains("\n301 more;") && Contains("\n501 entries in .\n"));
}

TEST_CASE("list_entries counts what reading many long ignore files takes") {
  Files files;
  for (int i = 0; i < 8; ++i) {
    std::string& rules = files["d" + std::to_string(i) + "/.gitignore"];
    for (int line = 0; line < 9'000; ++line) rules += "*a*" + std::string(100, 'b') + "*[q]\n";
  }
  SearchedTree tree(files);
  CHECK_THAT(tree.list(), Contains("d0/ (1 entry)") && Contains("d7/ (not read)") &&
                              Contains("incomplete: the ignore rules take too long"));
}

TEST_CASE("list_entries names what is ignored, and lists it when asked") {
  SearchedTree tree(Files{{".gitignore", "build/\n*.log\n"},
                          {"build/x", ""},
                          {"a.log", ""},
                          {"sub/b.log", ""},
                          {"sub/c", ""}});
  CHECK(tree.list() ==
        ".gitignore\nsub/ (1 entry)\n\n2 entries in .\n"
        "2 ignored: a.log, build/ (include_ignored=true lists them)\n");
  ListQuery query;
  query.include_ignored = true;
  CHECK(tree.list(query) ==
        ".gitignore\na.log\nbuild/ (1 entry)\nsub/ (2 entries)\n\n4 entries in .\n");
}

TEST_CASE("list_entries lists a directory of which the ignore rules leave nothing") {
  SearchedTree tree(Files{{"env/.gitignore", "*\n"}, {"env/lib/a", ""}, {"b", ""}});
  ListQuery query;
  query.path = tree.path("env");
  CHECK(tree.list(query) ==
        ".gitignore\nlib/ (1 entry)\n\n2 entries in env\n"
        "note: the ignore rules leave out all of it, so they were not applied\n");
  // Beside others it is what its rules say.
  CHECK_THAT(tree.list(), Contains("b\nenv/ "));
}

TEST_CASE("list_entries and grep name the directory that may have been meant") {
  SearchedTree tree(Files{{"kernel/sched/core.c", ""}});
  ListQuery query;
  query.path = tree.path("kernel/shed");
  const auto listed = list_entries(query, tree.engine());
  REQUIRE_FALSE(listed);
  CHECK_THAT(listed.error().message, Contains("did you mean 'kernel/sched'?"));
  GrepQuery search;
  search.pattern = "x";
  search.path = tree.path("kernel/shed");
  const auto found = grep(search, tree.engine());
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, Contains("did you mean 'kernel/sched'?"));
}

TEST_CASE("list_entries shows where symlinks lead, but not outside the root") {
  SearchedTree tree(Files{{"d/f", ""}});
  tree.files.link("d/f", "in");
  tree.files.link("../x", "d/up");
  tree.files.link("../../secret", "d/out");
  tree.files.link("/etc/passwd", "etc");
  tree.files.link(tree.workspace->root() + "/d", "absolute");
  tree.files.link("d", "dir");
  tree.files.link("odd\nname", "odd");
  const std::string top = tree.list();
  CHECK_THAT(top, Contains("in -> d/f\n") && Contains("etc -> (outside the root)\n") &&
                      Contains("dir -> d\n") && Contains("absolute -> ") && !Contains("passwd"));
  CHECK_THAT(top, !Contains("odd\nname") && Contains("odd -> odd\\x0"));
  CHECK_THAT(tree.list("d"), Contains("out -> (outside the root)\n") && Contains("up -> ../x\n") &&
                                 !Contains("secret"));
  CHECK_THAT(tree.list("etc"), Contains("etc -> (outside the root)\nsymlink"));
  CHECK_THAT(tree.list("dir"), Contains("3 entries in dir"));
}

TEST_CASE("list_entries of a file answers its metadata") {
  SearchedTree tree(Files{{"f", "a\nb\nc"}, {"bin", std::string("\0x", 2)}});
  REQUIRE(chmod(tree.files.path("f").c_str(), 0640) == 0);
  const timespec times[2] = {{1'700'000'000, 5}, {1'700'000'000, 5}};
  REQUIRE(utimensat(AT_FDCWD, tree.files.path("f").c_str(), times, 0) == 0);
  CHECK(tree.list("f") == "f\nfile, 5 bytes, 3 lines, mode 640, modified 2023-11-14T22:13:20Z\n");
  CHECK_THAT(tree.list("bin"), Contains("bin\nfile, 2 bytes, binary, mode "));
  REQUIRE(mkfifo(tree.files.path("fifo").c_str(), 0600) == 0);
  CHECK_THAT(tree.list("fifo"), Contains("fifo\nspecial file"));
  CHECK_THAT(tree.list(), Contains("fifo (special file)\n"));
  CHECK_THAT(tree.list("missing"), Contains("error: "));
}

TEST_CASE("list_entries of a very large directory says that there is more") {
  SearchedTree tree;
  tree.files.make_directory("d");
  for (std::size_t i = 0; i <= ListQuery::kMaxEntries; ++i) {
    const int fd =
        open(tree.files.path("d/" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0600);
    REQUIRE(fd >= 0);
    close(fd);
  }
  CHECK_THAT(tree.list("d"), Contains("50000 entries in d\nincomplete: more than 50000 entries") &&
                                 Contains("note: glob finds files by name"));
}

}  // namespace
}  // namespace quarry::search
