#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sandbox/forked.h"
#include "tests/support/ordinary_user.h"
#include "tests/watch/tree_fixture.h"

namespace quarry::watch {
namespace {

namespace fs = std::filesystem;
using test::TempWorkspace;

const TreeChange kTreeChanges[] = {
    {"create", {}, [](const auto& w) { w.write("new.txt", "x"); }},
    {"overwrite with the same size", [](const auto& w) { w.write("a.txt", "one"); },
     [](const auto& w) {
       std::fstream(w.path("a.txt"), std::ios::in | std::ios::out | std::ios::binary) << "two";
     }},
    {"truncate", [](const auto& w) { w.write("a.txt", "one"); },
     [](const auto& w) { fs::resize_file(w.path("a.txt"), 1); }},
    {"chmod", [](const auto& w) { w.write("a.txt", "one"); },
     [](const auto& w) { chmod(w.path("a.txt").c_str(), 0600); }},
    {"touch", [](const auto& w) { w.write("deep/er/a.txt", "one"); },
     [](const auto& w) {
       fs::last_write_time(w.path("deep/er/a.txt"), fs::file_time_type::clock::now());
     }},
    {"rename a file", [](const auto& w) { w.write("a.txt", "one"); },
     [](const auto& w) { fs::rename(w.path("a.txt"), w.path("b.txt")); }},
    {"delete a tree", [](const auto& w) { w.write("d/e/f/a.txt", "one"); },
     [](const auto& w) { fs::remove_all(w.path("d")); }},
    {"make a symlink", {}, [](const auto& w) { w.link("nowhere", "link"); }},
    {"replace a symlink", [](const auto& w) { w.link("a", "link"); },
     [](const auto& w) {
       w.link("b", "other");
       fs::rename(w.path("other"), w.path("link"));
     }},
    {"make an empty directory", {}, [](const auto& w) { w.make_directory("d"); }},
    {"edit an ignore file", [](const auto& w) { w.write(".gitignore", "a\n"); },
     [](const auto& w) { w.write(".gitignore", "b\n"); }},
    {"edit an ignored file",
     [](const auto& w) {
       w.write(".gitignore", "build/\n");
       w.write("build/out.txt", "one");
     },
     [](const auto& w) { w.write("build/out.txt", "two"); }},
    {"edit info/exclude", [](const auto& w) { w.write(".git/info/exclude", "a\n"); },
     [](const auto& w) { w.write(".git/info/exclude", "b\n"); }},
    {"make info/exclude", [](const auto& w) { w.make_directory(".git"); },
     [](const auto& w) { w.write(".git/info/exclude", "b\n"); }},
    {"make a nested repository's exclude", [](const auto& w) { w.make_directory("sub/.git"); },
     [](const auto& w) { w.write("sub/.git/info/exclude", "b\n"); }},
    {"make .git", {}, [](const auto& w) { w.make_directory(".git"); }},
    {"git's configuration, which may name ignore files",
     [](const auto& w) { w.make_directory(".git"); },
     [](const auto& w) { w.write(".git/config", "[core]\n"); }},
    {"chmod the root", {}, [](const auto& w) { chmod(w.root().c_str(), 0711); }},
};

TEST_CASE("every change of the tree moves its epoch") {
  check_that_each_moves_the_tree(kTreeChanges);
}

const TreeChange kGitChanges[] = {
    {"HEAD", {}, [](const auto& w) { w.write(".git/HEAD", "ref: refs/heads/b\n"); }},
    {"the index as git writes it",
     {},
     [](const auto& w) {
       w.write(".git/index.lock", "x");
       fs::rename(w.path(".git/index.lock"), w.path(".git/index"));
     }},
    {"a new ref in new directories",
     {},
     [](const auto& w) { w.write(".git/refs/heads/a/b/c", "0\n"); }},
    {"packed-refs", {}, [](const auto& w) { w.write(".git/packed-refs", "0\n"); }},
    {"the stash's log", {}, [](const auto& w) { w.write(".git/logs/refs/stash", "0\n"); }},
    {"a worktree", {}, [](const auto& w) { w.write(".git/worktrees/w/gitdir", "x\n"); }},
};

TEST_CASE("a change of git's state moves its epoch and leaves the tree's") {
  for (const TreeChange& row : kGitChanges) {
    TreeFixture fixture;
    fixture.workspace.write(".git/HEAD", "ref: refs/heads/a\n");
    fixture.workspace.make_directory(".git/refs/heads");
    fixture.begin();
    const Epochs before = fixture.epochs();
    REQUIRE(before.git_known);
    INFO(row.name);
    row.change(fixture.workspace);
    const Epochs after = fixture.epochs();
    CHECK(after.git != before.git);
    CHECK(after.tree == before.tree);
    CHECK(after.git_known);
  }
}

TEST_CASE("new objects move nothing") {
  TreeFixture fixture;
  fixture.workspace.make_directory(".git/objects/00");
  fixture.workspace.write(".git/modules/lib/HEAD", "ref: a\n");
  fixture.workspace.make_directory(".git/modules/lib/objects/00");
  fixture.begin();
  const Epochs before = fixture.epochs();
  fixture.workspace.write(".git/objects/00/1234", "x");
  fixture.workspace.write(".git/modules/lib/objects/00/1234", "x");
  fixture.workspace.make_directory(".git/modules/lib/objects/11");
  fixture.workspace.write(".git/modules/lib/index", "x");
  CHECK(fixture.epochs() == before);
}

TEST_CASE("git's state is not known where it may lie elsewhere") {
  const TreeChange rows[] = {
      {".git is a file", {}, [](const auto& w) { w.write(".git", "gitdir: elsewhere\n"); }},
      {".git is a symlink", [](const auto& w) { w.make_directory("elsewhere"); },
       [](const auto& w) { w.link("elsewhere", ".git"); }},
      {"refs is a symlink", [](const auto& w) { w.make_directory("elsewhere"); },
       [](const auto& w) { w.link("../elsewhere", ".git/refs"); }},
      {"there is a commondir", {}, [](const auto& w) { w.write(".git/commondir", "../x\n"); }},
      {"HEAD is renamed from a symlink",
       [](const auto& w) {
         w.make_directory(".git");
         w.link("x", "link");
       },
       [](const auto& w) { fs::rename(w.path("link"), w.path(".git/HEAD")); }},
  };
  for (const TreeChange& row : rows) {
    INFO(row.name);
    {
      TreeFixture fixture;  // it was so before
      if (row.before) row.before(fixture.workspace);
      row.change(fixture.workspace);
      fixture.begin();
      CHECK_FALSE(fixture.epochs().git_known);
    }
    TreeFixture fixture;  // it becomes so
    if (row.before) row.before(fixture.workspace);
    fixture.begin();
    REQUIRE(fixture.epochs().git_known);
    row.change(fixture.workspace);
    CHECK_FALSE(fixture.epochs().git_known);
  }
}

// Everything that happens to directories must leave every directory watched.
void check_all_watched(TreeFixture& fixture) {
  fixture.epochs();
  std::size_t directories = 1;
  for (const auto& entry : fs::recursive_directory_iterator(fixture.workspace.root())) {
    if (!entry.is_directory() || entry.is_symlink()) continue;
    ++directories;
    const Epochs before = fixture.epochs();
    const fs::path probe = entry.path() / "probe";
    std::ofstream(probe) << "x";
    INFO(entry.path());
    CHECK(fixture.epochs().tree != before.tree);
    fs::remove(probe);
  }
  fixture.epochs();
  CHECK(fixture.tree->standing().directories == directories);
}

TEST_CASE("directories that move, come and go are watched under their new names only") {
  const TreeChange rows[] = {
      {"nested, made at once", {}, [](const auto& w) { w.make_directory("a/b/c/d/e/f"); }},
      {"renamed", [](const auto& w) { w.make_directory("a/b/c"); },
       [](const auto& w) { fs::rename(w.path("a"), w.path("z")); }},
      {"renamed over an empty one",
       [](const auto& w) {
         w.make_directory("a/b/c");
         w.make_directory("z");
       },
       [](const auto& w) { fs::rename(w.path("a"), w.path("z")); }},
      {"moved below another",
       [](const auto& w) {
         w.make_directory("a/b/c");
         w.make_directory("z/y");
       },
       [](const auto& w) { fs::rename(w.path("a"), w.path("z/y/a")); }},
      {"moved out and another moved in",
       [](const auto& w) {
         w.make_directory("a/b/c");
         w.make_directory("../spare/s/t");
       },
       [](const auto& w) {
         fs::rename(w.path("a"), w.path("../gone"));
         fs::rename(w.path("../spare"), w.path("a"));
       }},
      {"exchanged",
       [](const auto& w) {
         w.make_directory("a/b/c");
         w.make_directory("z/x/y");
       },
       [](const auto& w) {
         REQUIRE(renameat2(AT_FDCWD, w.path("a").c_str(), AT_FDCWD, w.path("z").c_str(),
                           2 /* RENAME_EXCHANGE */) == 0);
       }},
      {"moved in a ring",
       [](const auto& w) {
         w.make_directory("a/1");
         w.make_directory("b/2");
         w.make_directory("c/3");
       },
       [](const auto& w) {
         fs::rename(w.path("a"), w.path("t"));
         fs::rename(w.path("b"), w.path("a"));
         fs::rename(w.path("c"), w.path("b"));
         fs::rename(w.path("t"), w.path("c"));
       }},
      {"replaced by a symlink to another",
       [](const auto& w) {
         w.make_directory("a/b");
         w.make_directory("z/b");
       },
       [](const auto& w) {
         fs::remove_all(w.path("a"));
         w.link("z", "a");
       }},
      {"removed and made again", [](const auto& w) { w.make_directory("a/b/c"); },
       [](const auto& w) {
         fs::remove_all(w.path("a"));
         w.make_directory("a/b/c/d");
       }},
  };
  for (const TreeChange& row : rows) {
    TreeFixture fixture;
    if (row.before) row.before(fixture.workspace);
    fixture.begin();
    fixture.epochs();
    INFO(row.name);
    row.change(fixture.workspace);
    check_all_watched(fixture);
    CHECK(fixture.tree->standing().losses == 0);
  }
}

TEST_CASE("many new directories are left to work(), and nothing is told before") {
  TreeFixture fixture;
  fixture.begin();
  const Epochs before = fixture.epochs();
  for (int i = 0; i < 300; ++i) fixture.workspace.make_directory("d" + std::to_string(i) + "/e");
  CHECK_FALSE(fixture.tree->epochs().has_value());
  CHECK(fixture.epochs().tree != before.tree);
  CHECK(fixture.tree->standing().directories == 601);
}

TEST_CASE("an overflow of the kernel's queue moves the epochs and the watches are set again") {
  TreeFixture fixture;
  fixture.workspace.write("a", "x");
  fixture.workspace.write("b", "x");
  fixture.begin();
  const Epochs before = fixture.epochs();
  for (int i = 0; i < 12'000; ++i) {  // two kinds each: the kernel merges equal neighbours
    REQUIRE(chmod(fixture.workspace.path("a").c_str(), 0600) == 0);
    REQUIRE(chmod(fixture.workspace.path("b").c_str(), 0600) == 0);
  }
  CHECK_FALSE(fixture.tree->epochs().has_value());
  CHECK(fixture.tree->standing().losses == 1);
  const Epochs after = fixture.epochs();
  CHECK(after.tree != before.tree);
  CHECK(after.git != before.git);
  fixture.workspace.write("a", "y");
  CHECK(fixture.epochs().tree != after.tree);
}

TEST_CASE("nothing is watched before the second use") {
  TreeFixture fixture;
  Tree tree(1, fixture.files, fixture.clock, fixture.quota, {});
  CHECK_FALSE(tree.use());
  CHECK(fixture.quota.used == 0);
  CHECK_FALSE(tree.epochs().has_value());
  REQUIRE(tree.use());
  CHECK_FALSE(tree.use());  // one worker is enough
  tree.work();
  CHECK(tree.mode() == Mode::kWatching);
  CHECK(fixture.quota.used == 1);
}

TEST_CASE("a tree that may not be watched whole is checked by fingerprint, and says why") {
  SECTION("too many directories for one tree") {
    TreeFixture fixture({.max_directories = 3});
    fixture.workspace.make_directory("a/b");
    fixture.begin();
    CHECK(fixture.tree->mode() == Mode::kWatching);
    fixture.workspace.make_directory("a/c");
    CHECK_FALSE(fixture.tree->epochs().has_value());
    fixture.catch_up();
    CHECK(fixture.tree->mode() == Mode::kChecking);
    CHECK(fixture.tree->standing().why == "more than 3 directories");
    CHECK(fixture.quota.used == 0);
  }
  SECTION("too many for the process") {
    TreeFixture fixture;
    fixture.quota.limit = 1;
    fixture.workspace.make_directory("a");
    fixture.begin();
    CHECK(fixture.tree->mode() == Mode::kChecking);
    CHECK(fixture.tree->standing().why.find("this process") != std::string::npos);
    CHECK(fixture.quota.used == 0);
  }
  SECTION("switched off") {
    TreeFixture fixture({.may_watch = false});
    fixture.begin();
    CHECK(fixture.tree->mode() == Mode::kChecking);
    CHECK(fixture.tree->standing().why == "switched off by --no-watch");
  }
  SECTION("a file system that tells nothing") {
    auto proc =
        sandbox::Workspace::open("/proc/self/fdinfo", sandbox::Workspace::Resolver::kAuto, true);
    REQUIRE(proc);
    TreeFixture fixture;
    fixture.files = std::move(*proc);
    fixture.begin();
    CHECK(fixture.tree->mode() == Mode::kChecking);
    CHECK(fixture.tree->standing().why.find("may change unseen") != std::string::npos);
  }
}

TEST_CASE("directories deeper than a path can say are neither watched nor fingerprinted (SR-09)") {
  TreeFixture fixture;
  int at = open(fixture.workspace.root().c_str(), O_RDONLY | O_DIRECTORY);
  const std::string name(sandbox::Path::kMaxComponentBytes, 'd');
  for (std::size_t bytes = 0; bytes <= sandbox::Path::kMaxBytes; bytes += name.size() + 1) {
    REQUIRE(mkdirat(at, name.c_str(), 0755) == 0);
    const int next = openat(at, name.c_str(), O_RDONLY | O_DIRECTORY);
    close(at);
    at = next;
  }
  close(at);
  fixture.begin();
  CHECK(fixture.tree->mode() == Mode::kChecking);
  CHECK(fixture.tree->standing().why == "a directory has a path of more than 4096 bytes");
  const CancelToken cancel(fixture.clock);
  const Parallel in_turn = [](std::size_t count, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = 0; i < count; ++i) body(i);
  };
  CHECK_FALSE(fixture.tree->fingerprint(in_turn, cancel).has_value());
}

TEST_CASE("a directory that can be used but not listed is not watched past") {
  TreeFixture listed;
  TreeFixture shut;
  CHECK(sandbox::test::forked([&](sandbox::test::Report& report) {
          listed.workspace.write("a/b/c.txt", "x");
          shut.workspace.make_directory("a");
          test::become_ordinary({&listed.workspace, &shut.workspace});
          const std::string in_listed = listed.workspace.path("a");
          report.claim(chmod(in_listed.c_str(), 0311) == 0, "chmod");
          listed.begin();
          report.claim(listed.tree->mode() == Mode::kChecking, "watched past what is not listed");
          report.claim(chmod(in_listed.c_str(), 0755) == 0, "chmod");

          const std::string in_shut = shut.workspace.path("a");
          report.claim(chmod(in_shut.c_str(), 0) == 0, "chmod");
          shut.begin();
          report.claim(shut.tree->mode() == Mode::kWatching,
                       "what is shut keeps the rest unwatched");
          const Epochs before = shut.epochs();
          report.claim(chmod(in_shut.c_str(), 0755) == 0, "chmod");
          const Epochs opened = shut.epochs();
          report.claim(opened.tree != before.tree, "opened, and not seen");
          shut.workspace.write("a/probe", "x");
          report.claim(shut.epochs().tree != opened.tree, "opened, and not watched");
          report.claim(shut.tree->standing().directories == 2, "another number of directories");
        }) == "");
}

TEST_CASE("a tree whose last session is gone knows nothing") {
  TreeFixture fixture;
  fixture.begin();
  CHECK(fixture.tree->epochs().has_value());
  fixture.files.reset();
  CHECK_FALSE(fixture.tree->epochs().has_value());
  CHECK(fixture.tree->gone());
}

}  // namespace
}  // namespace quarry::watch
