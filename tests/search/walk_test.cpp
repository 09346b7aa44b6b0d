#include "server/search/walk.h"

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include "server/search/ignore.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;
using Paths = std::vector<std::string>;

TEST_CASE("walk lists files in the order of their whole paths") {
  SearchedTree tree(
      Files{{"a/z", ""}, {"a-b", ""}, {"a.c", ""}, {"a/b/c", ""}, {"b", ""}, {"a0", ""}});
  const Paths want = {"a-b", "a.c", "a/b/c", "a/z", "a0", "b"};
  CHECK(tree.walked() == want);
  CHECK(std::ranges::is_sorted(want));
}

TEST_CASE("walk does not depend on the number of workers") {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 5; ++j) {
      files["d" + std::to_string(i) + "/e" + std::to_string(j) + "/f.c"] = "";
    }
  }
  SearchedTree alone(files, 0);
  SearchedTree helped(files, 3);
  const Paths want = alone.walked();
  CHECK(want.size() == 200);
  for (int i = 0; i < 10; ++i) CHECK(helped.walked() == want);
}

TEST_CASE("walk never enters .git and follows no symlink") {
  SearchedTree tree(Files{{".git/config", ""}, {"sub/.git/config", ""}, {"x/f", ""}});
  tree.files.link("../x", "x/loop");
  tree.files.link("x", "y");
  tree.files.link("x/f", "g");
  WalkOptions options;
  options.include_ignored = true;
  CHECK(tree.walked(options) == Paths{"x/f"});
  const sandbox::Path root;
  const auto walked =
      walk(*tree.workspace, {&root, 1}, options, tree.pool, Stop(tree.cancel, tree.clock));
  REQUIRE(walked);
  CHECK(walked->symlinks == 3);
}

TEST_CASE("walk obeys .ignore, .gitignore and .git/info/exclude in this order") {
  SearchedTree tree(Files{{".git/info/exclude", "by_exclude\nkept\n"},
                          {".gitignore", "by_git\n!kept\nboth\n"},
                          {".ignore", "by_ignore\n!both\n"},
                          {"by_exclude", ""},
                          {"by_git", ""},
                          {"by_ignore", ""},
                          {"kept", ""},
                          {"both", ""},
                          {"sub/both", ""}});
  CHECK(tree.walked() == Paths{".gitignore", ".ignore", "both", "kept", "sub/both"});
}

TEST_CASE("walk obeys core.excludesFile within the tree only, below every other rule") {
  const std::string config = "[core]\n\texcludesFile = ";
  struct Row {
    const char* name;
    std::string value;
    Paths want;
    const char* note;
  };
  const Row rows[] = {
      {"in the tree", "rules/global", {".gitignore", "kept", "rules/global", "x"}, ""},
      {"absent", "rules/none", {".gitignore", "kept", "out", "rules/global", "x"}, ""},
      {"in the git directory",
       ".git/rules",
       {".gitignore", "kept", "out", "rules/global", "x"},
       "core.excludesFile not read: it is not a file of this tree"},
      {"outside",
       "/etc/passwd",
       {".gitignore", "kept", "out", "rules/global", "x"},
       "core.excludesFile not read: it is not a file of this tree"},
      {"at home",
       "~/rules",
       {".gitignore", "kept", "out", "rules/global", "x"},
       "core.excludesFile not read: it is not a file of this tree"},
      {"through a link",
       "link",
       {".gitignore", "kept", "out", "rules/global", "x"},
       "core.excludesFile not read: it is not a file of this tree"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    SearchedTree tree(Files{{".git/config", config + row.value + "\n"},
                            {".git/rules", "x\n"},
                            {".gitignore", "!kept\n"},
                            {"rules/global", "out\nkept\n"},
                            {"out", ""},
                            {"kept", ""},
                            {"x", ""}});
    tree.files.link("rules/global", "link");
    CHECK(tree.walked() == row.want);
    const sandbox::Path root;
    const auto walked =
        walk(*tree.workspace, {&root, 1}, {}, tree.pool, Stop(tree.cancel, tree.clock));
    REQUIRE(walked);
    CHECK(walked->notes == (*row.note == '\0' ? Paths{} : Paths{row.note}));
  }
}

TEST_CASE("walk tells upper case from lower as each repository's configuration says") {
  SearchedTree tree(Files{{".git/config", "[core]\n\tignorecase = true\n"},
                          {".gitignore", "Out\n"},
                          {"OUT", ""},
                          {"sub/out", ""},
                          {"other/.git/config", ""},
                          {"other/.gitignore", "Out\n"},
                          {"other/OUT", ""},
                          {"other/Out", ""}});
  CHECK(tree.walked() == Paths{".gitignore", "other/.gitignore", "other/OUT"});
}

TEST_CASE("walk does not enter linked worktrees inside a repository, unless they are named") {
  SearchedTree tree(Files{{".git/HEAD", ""},
                          {".git/worktrees/x/gitdir", "/r/.claude/worktrees/x/.git\n"},
                          {"a", ""},
                          {".claude/worktrees/x/.git", "gitdir: /r/.git/worktrees/x\n"},
                          {".claude/worktrees/x/a", ""},
                          {"module/.git", "gitdir: ../.git/modules/module\n"},
                          {"module/b", ""}});
  CHECK(tree.walked() == Paths{"a", "module/b"});
  const Stop stop(tree.cancel, tree.clock);
  sandbox::Path start;
  CHECK(walk(*tree.workspace, {&start, 1}, {}, tree.pool, stop)->worktrees == 1);
  start = tree.path(".claude/worktrees/x");
  CHECK(walk(*tree.workspace, {&start, 1}, {}, tree.pool, stop)->regular == 1);
  CHECK_THAT(
      tree.find("*"),
      Catch::Contains("not listed: 1 linked worktree of the same repository (name its path"));
  CHECK_THAT(tree.list(".claude/worktrees"), Catch::Contains("x/ (linked worktree)"));
  WalkOptions all;
  all.include_ignored = true;
  CHECK(tree.walked(all).size() == 3);
}

TEST_CASE("walk enters what only looks like a worktree of the repository around it") {
  SearchedTree tree(Files{{".git/worktrees/x/gitdir", "/r/wt/x/.git\n"},
                          // A submodule in a directory of that name.
                          {"worktrees/lib/.git", "gitdir: ../../.git/modules/worktrees/lib\n"},
                          {"worktrees/lib/a", ""},
                          // Of another repository, once with the name of one of this.
                          {"other/.git", "gitdir: /r/elsewhere/.git/worktrees/other\n"},
                          {"other/b", ""},
                          {"x/.git", "gitdir: /r/elsewhere/.git/worktrees/x\n"},
                          {"x/c", ""},
                          {"wt/x/.git", "gitdir: /r/.git/worktrees/x\n"},
                          {"wt/x/d", ""},
                          {"near/.git", "gitdir: ../.git/worktrees/near\n"},
                          {"near/e", ""}});
  CHECK(tree.walked() == Paths{"other/b", "worktrees/lib/a", "x/c"});
}

TEST_CASE("walk does not enter a worktree that lies in a worktree of the same repository") {
  SearchedTree tree(Files{{".git", "gitdir: /r/.git/worktrees/one\n"},
                          {"a", ""},
                          {"agents/two/.git", "gitdir: /r/.git/worktrees/two\n"},
                          {"agents/two/a", ""},
                          {"agents/three/.git", "gitdir: /s/.git/worktrees/three\n"},
                          {"agents/three/b", ""}});
  CHECK(tree.walked() == Paths{"a", "agents/three/b"});
}

TEST_CASE("walk enters worktrees of a repository that lies elsewhere") {
  SearchedTree tree(Files{{"one/.git", "gitdir: /r/.git/worktrees/one\n"},
                          {"one/a", ""},
                          {"two/.git", "gitdir: /r/.git/worktrees/two\n"},
                          {"two/a", ""}});
  CHECK(tree.walked() == Paths{"one/a", "two/a"});
}

TEST_CASE(
    "walk obeys the rules of a linked worktree's and of a submodule's repository in the tree") {
  SearchedTree tree(Files{{"main/.git/HEAD", ""},
                          {"main/.git/config", "[core]\n\tignoreCase = true\n"},
                          {"main/.git/info/exclude", "*.log\n"},
                          {"main/.git/worktrees/wt/commondir", "../..\n"},
                          {"main/.git/modules/sub/info/exclude", "*.tmp\n"},
                          {"main/sub/.git", "gitdir: ../.git/modules/sub\n"},
                          {"main/sub/a.log", ""},
                          {"main/sub/b.tmp", ""},
                          {"wt/.git", "gitdir: ../main/.git/worktrees/wt\n"},
                          {"wt/A.LOG", ""},
                          {"wt/b.tmp", ""},
                          {"far/.git", "gitdir: ../../elsewhere/.git/worktrees/far\n"},
                          {"far/c.log", ""}});
  CHECK(tree.walked() == Paths{"far/c.log", "main/sub/a.log", "wt/b.tmp"});
  tree.files.write("wt/.git", "gitdir: " + tree.files.root() + "/main/.git/worktrees/wt\n");
  CHECK(tree.walked() == Paths{"far/c.log", "main/sub/a.log", "wt/b.tmp"});
}

TEST_CASE("walk cannot re-include below an excluded directory") {
  SearchedTree tree(Files{{".gitignore", "out/\n!out/keep\n"},
                          {"out/keep", ""},
                          {"out/.gitignore", "!keep\n"},
                          {"in", ""}});
  CHECK(tree.walked() == Paths{".gitignore", "in"});
}

TEST_CASE("walk applies no rules of an outer repository in a nested one") {
  SearchedTree tree(Files{{".gitignore", "*.o\n"},
                          {"a.o", ""},
                          {"nested/.git/info/exclude", "x.c\n"},
                          {"nested/a.o", ""},
                          {"nested/x.c", ""},
                          {"linked/.git", "gitdir: elsewhere\n"},
                          {"linked/b.o", ""}});
  CHECK(tree.walked() == Paths{".gitignore", "linked/b.o", "nested/a.o"});
}

TEST_CASE("walk reads a start that is ignored, and its parents' rules hold in it") {
  SearchedTree tree(Files{{".gitignore", "build/\n*.o\n/build/gen/x\n"},
                          {"build/a.o", ""},
                          {"build/a.c", ""},
                          {"build/gen/x", ""},
                          {"build/gen/y", ""}});
  const sandbox::Path start = tree.path("build");
  const auto walked =
      walk(*tree.workspace, {&start, 1}, {}, tree.pool, Stop(tree.cancel, tree.clock));
  REQUIRE(walked);
  Paths paths;
  for (const Walk::Place place : walked->files()) {
    walked->append_path(paths.emplace_back(), place);
  }
  CHECK(paths == Paths{"build/a.c", "build/gen/y"});
  CHECK(walked->ignored_files == 2);
}

TEST_CASE("walk leaves out ignore files that are hostile and says so (SR-11)") {
  SearchedTree tree(Files{{"a/x", ""}, {"b/x", ""}, {"c/x", ""}, {"d/x", ""}, {"outside", "x\n"}});
  REQUIRE(mkfifo(tree.files.path("a/.gitignore").c_str(), 0600) == 0);
  tree.files.link("../outside", "b/.gitignore");
  tree.files.write("c/.gitignore", std::string(IgnoreRules::kMaxBytes + 1, 'x'));
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "x\n";
  tree.files.write("d/.gitignore", many);
  const sandbox::Path root;
  const auto walked =
      walk(*tree.workspace, {&root, 1}, {}, tree.pool, Stop(tree.cancel, tree.clock));
  REQUIRE(walked);
  REQUIRE(walked->notes.size() == 4);
  CHECK(walked->notes[0] == "a/.gitignore not read: not a regular file");
  CHECK(walked->notes[1] == "b/.gitignore not read: not a regular file");
  CHECK(walked->notes[2].find("over 1048576 bytes") != std::string::npos);
  CHECK(walked->notes[3].find("over 10000 patterns") != std::string::npos);
  CHECK(tree.walked().size() == 7);
}

TEST_CASE("walk stops at its depth and at its number of entries, and says so (SR-09)") {
  SearchedTree tree;
  std::string deep;
  for (int i = 0; i < 140; ++i) {
    deep += "d/";
    tree.files.make_directory(deep);
  }
  tree.files.write(deep + "f", "");
  for (int i = 0; i < 50; ++i) tree.files.write("wide/" + std::to_string(i), "");
  const sandbox::Path root;
  const Stop stop(tree.cancel, tree.clock);
  auto walked = walk(*tree.workspace, {&root, 1}, {}, tree.pool, stop);
  REQUIRE(walked);
  CHECK(walked->too_deep == 1);
  CHECK(walked->files().size() == 50);
  WalkOptions few;
  few.max_entries = 10;
  walked = walk(*tree.workspace, {&root, 1}, few, tree.pool, stop);
  REQUIRE(walked);
  CHECK(walked->full_at == 10);
  // As many as there may be is not too many.
  for (const char* name : {"flat/a", "flat/b", "flat/c"}) tree.files.write(name, "");
  const sandbox::Path flat = tree.path("flat");
  few.max_entries = 3;
  walked = walk(*tree.workspace, {&flat, 1}, few, tree.pool, stop);
  REQUIRE(walked);
  CHECK(walked->full_at == 0);
  CHECK(walked->files().size() == 3);
}

TEST_CASE("walk that is out of time says that there is more, a cancelled one fails") {
  SearchedTree tree(Files{{"a/b/c", ""}});
  const sandbox::Path root;
  CancelToken late(tree.clock, tree.clock.now_ns);
  auto walked = walk(*tree.workspace, {&root, 1}, {}, tree.pool, Stop(late, tree.clock));
  REQUIRE(walked);
  CHECK(walked->stopped);
  CHECK(walked->files().empty());
  tree.cancel.cancel();
  walked = walk(*tree.workspace, {&root, 1}, {}, tree.pool, Stop(tree.cancel, tree.clock));
  REQUIRE_FALSE(walked);
  CHECK(walked.error().code == Code::kCancelled);
}

// Patterns that have to be tried against every name.
Files slow_rules(int files, int patterns) {
  Files content;
  for (int i = 0; i < files; ++i) content["d/abcdefghij3klmnop_" + std::to_string(i)] = "";
  std::string& rules = content[".gitignore"];
  for (int i = 0; i < patterns; ++i) rules += "*a*" + std::to_string(i % 10) + "*b*[q]\n";
  return content;
}

TEST_CASE("walk asks whether to stop while ignore rules are tried, by what they take") {
  SearchedTree tree(slow_rules(200, 2000));
  const sandbox::Path root;
  std::atomic<std::int64_t> steps{10 * Pace::kSteps};
  const Stop stop = Stop(tree.cancel, tree.clock).spending(steps);
  const auto walked = walk(*tree.workspace, {&root, 1}, {}, tree.pool, stop);
  REQUIRE(walked);
  CHECK(walked->stopped);
  CHECK(walked->files().size() < 100);
  CHECK(steps > -2 * Pace::kSteps);  // and no more was done
}

TEST_CASE("walk dates the files that are wanted while their directory is open") {
  SearchedTree tree(Files{{"d/a.h", ""}, {"d/b.c", ""}, {"d/c.h", ""}});
  REQUIRE(::link(tree.files.path("d/c.h").c_str(), tree.files.path("d/d.h").c_str()) == 0);
  const sandbox::Path start = tree.path("d");
  const Wanted headers = [](std::string_view name) { return name.ends_with(".h"); };
  WalkOptions options;
  options.dated = &headers;
  const Stop stop(tree.cancel, tree.clock);
  const auto walked = walk(*tree.workspace, {&start, 1}, options, tree.pool, stop);
  REQUIRE(walked);
  const Listing& listing = walked->listing(0);
  std::string dated;
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    if (listing.times.get(i, tree.clock.steady_ns()) == KeptTimes::kNone) continue;
    dated += listing.name(listing.entries[i]);
  }
  CHECK(dated == "a.h");  // not those with several names
}

TEST_CASE("walk of what is not a directory is an error") {
  SearchedTree tree(Files{{"f", ""}});
  for (const char* where : {"f", "missing"}) {
    const sandbox::Path start = tree.path(where);
    CHECK_FALSE(walk(*tree.workspace, {&start, 1}, {}, tree.pool, Stop(tree.cancel, tree.clock)));
  }
}

}  // namespace
}  // namespace quarry::search
