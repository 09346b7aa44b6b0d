#include <algorithm>
#include <sstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

// The rows of git's own short form, in a form both sides can be brought to: "XY path" sorted.
std::vector<std::string> porcelain(const Fixture& repo, bool ignored) {
  std::vector<std::string> words = {"status", "--porcelain", "--ignore-submodules=dirty"};
  if (ignored) words.emplace_back("--ignored");
  std::istringstream lines(repo.git(words));
  std::vector<std::string> rows;
  for (std::string line; std::getline(lines, line);) {
    const std::string path = line.substr(3);
    if (line[0] == 'U' || line[1] == 'U' || line.starts_with("AA") || line.starts_with("DD")) {
      rows.push_back(line.substr(0, 2) + " " + path);
      continue;
    }
    if (line[0] == '?' || line[0] == '!') {
      rows.push_back(line.substr(0, 1) + " " + path);
      continue;
    }
    const std::size_t arrow = path.find(" -> ");
    const std::string now = arrow == std::string::npos ? path : path.substr(arrow + 4);
    if (line[0] != ' ') rows.push_back(std::string("index ") + line[0] + " " + path);
    if (line[1] != ' ') rows.push_back(std::string("tree ") + line[1] + " " + now);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> rows_of(const Status& status) {
  std::vector<std::string> rows;
  const auto add = [&](const char* prefix, const std::vector<StatusEntry>& list) {
    for (const StatusEntry& row : list) {
      rows.push_back(prefix + row.code + " " + (row.old_path.empty() ? "" : row.old_path + " -> ") +
                     row.path);
    }
  };
  add("index ", status.staged);
  add("tree ", status.unstaged);
  add("", status.untracked);
  add("", status.conflicts);
  add("", status.ignored);
  std::sort(rows.begin(), rows.end());
  return rows;
}

void check(Fixture& repo, bool ignored = false) {
  StatusOptions options;
  options.ignored = ignored;
  const auto status = repo.status(options);
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(rows_of(*status) == porcelain(repo, ignored));
}

TEST_CASE("git status agrees with git on every kind of change") {
  Fixture repo{{"a", "1\n2\n3\n4\n5\n6\n"},
               {"b", "b\n"},
               {"c", "c\n"},
               {"dir/d", "d\n"},
               {"gone", "g\n"},
               {"mode", "m\n"},
               {"kind", "k\n"},
               {".gitignore", "*.o\nbuild/\n"}};
  check(repo);
  CHECK(repo.status()->staged_count == 0);

  repo.git({"mv", "a", "renamed"});
  repo.workspace.write("b", "changed\n");
  repo.workspace.write("c", "staged\n");
  repo.git({"add", "c"});
  repo.workspace.write("c", "staged and changed\n");
  repo.shell("rm gone kind && ln -s b kind && chmod +x mode");
  repo.git({"rm", "-q", "dir/d"});
  repo.workspace.write("new", "n");
  repo.workspace.write("added", "n");
  repo.git({"add", "added"});
  repo.workspace.write("untracked/deep/x", "n");
  repo.workspace.write("x.o", "n");
  repo.workspace.write("build/y", "n");
  repo.workspace.write("onlyignored/z.o", "n");
  repo.workspace.make_directory("empty");
  check(repo);
  check(repo, true);
}

TEST_CASE("git status does not stop at FIFOs, sockets or names that are not text") {
  Fixture repo{{"a", "a\n"}};
  REQUIRE(mkfifo(repo.workspace.path("fifo").c_str(), 0600) == 0);
  repo.shell("rm a && mkfifo a && mkdir d && mkfifo d/.gitignore");
  repo.workspace.write("d/bad\xFF\nname", "x");
  const auto status = repo.status();
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(status->untracked_count == 1);
  const auto diff = repo.diff();
  INFO(message_of(diff));
  CHECK(diff);
}

TEST_CASE("git status shows conflicts once and names the operation") {
  Fixture repo{{"f", "base\n"}, {"g", "base\n"}};
  repo.git({"checkout", "-q", "-b", "side"});
  repo.workspace.write("f", "side\n");
  repo.git({"rm", "-q", "g"});
  repo.commit("side");
  repo.git({"checkout", "-q", "main"});
  repo.workspace.write("f", "main\n");
  repo.workspace.write("g", "main\n");
  repo.commit("main");
  repo.shell("git merge side >/dev/null; true");
  const auto status = repo.status();
  REQUIRE(status);
  CHECK(status->operation == "merge");
  CHECK(status->conflict_count == 2);
  check(repo);
}

TEST_CASE("git status tells each kind of conflict as git does") {
  Fixture repo{{"f", "base\n"}};
  const std::string blob = repo.git({"rev-parse", "HEAD:f"}).substr(0, 40);
  std::string lines;
  for (unsigned versions = 1; versions <= 7; ++versions) {
    for (const std::string there : {"d/gone", "d/there"}) {
      const std::string path = there + std::to_string(versions);
      if (there == "d/there") repo.workspace.write(path, "mine\n");
      for (unsigned stage = 1; stage <= 3; ++stage) {
        if ((versions >> (stage - 1) & 1U) == 0) continue;
        lines += "100644 " + blob + " " + std::to_string(stage) + "\t" + path + "\n";
      }
    }
  }
  repo.workspace.write("index", lines);
  repo.shell("git update-index --index-info < index && rm index");
  const auto status = repo.status();
  REQUIRE(status);
  CHECK(status->conflict_count == 14);
  check(repo);
}

TEST_CASE("git status counts commits ahead and behind as git does") {
  Fixture repo{{"f", "1\n"}};
  repo.shell(
      "git clone -q . ../up && git remote add origin ../up && git fetch -q origin && "
      "git branch -q -u origin/main");
  auto status = repo.status();
  REQUIRE(status);
  CHECK(status->upstream == "origin/main");
  CHECK(status->ahead == 0);
  CHECK(status->behind == 0);
  // All commits of one second, so that only the graph tells them apart.
  for (const char* name : {"a", "b", "c"}) {
    repo.workspace.write("f", name);
    repo.commit(name);
  }
  repo.shell(
      "cd ../up && for i in 1 2; do git -c user.name=x -c user.email=x commit -q "
      "--allow-empty -m $i; done && cd ../root && git fetch -q");
  status = repo.status();
  REQUIRE(status);
  const std::string counts =
      repo.git({"rev-list", "--left-right", "--count", "main...origin/main"});
  CHECK(counts == fmt::format("{}\t{}\n", status->ahead, status->behind));
  CHECK(status->ahead == 3);
  CHECK(status->behind == 2);
}

TEST_CASE("git status of an unborn, a detached and a sparse repository") {
  Fixture repo;
  repo.init();
  repo.workspace.write("f", "1\n");
  auto status = repo.status();
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(status->unborn);
  CHECK(status->branch == "main");
  repo.git({"add", "f"});
  check(repo);
  repo.workspace.write("dir/g", "1\n");
  repo.commit("first");
  repo.git({"checkout", "-q", "--detach"});
  status = repo.status();
  REQUIRE(status);
  CHECK(status->detached);
  CHECK(status->branch.empty());
  CHECK(status->head + "\n" == repo.git({"rev-parse", "HEAD"}));
  repo.git({"sparse-checkout", "set", "--no-cone", "/f"});
  CHECK(!std::filesystem::exists(repo.workspace.path("dir/g")));
  check(repo);
  CHECK(repo.diff()->files.empty());
}

TEST_CASE("git status and diff show what git add -N named as new files of the tree") {
  Fixture repo{{"f", "1\n"}, {"back", "alpha\nbeta\ngamma\n"}};
  repo.workspace.write("full", "1\n2\n");
  repo.workspace.write("removed", "1\n");
  repo.git({"rm", "-q", "--cached", "back"});
  repo.workspace.write("link", "1\n");
  repo.git({"add", "-N", "full", "link", "removed"});
  repo.shell("rm removed link && ln -s f link");
  check(repo);
  const auto patches = [](const Result<Diff>& diff) {
    std::string all;
    if (diff) {
      for (const DiffFile& file : diff->files) all += file.patch;
    }
    return all;
  };
  DiffOptions options;
  CHECK(patches(repo.diff(options)) == repo.git({"diff"}));
  options.from = "HEAD";
  CHECK(patches(repo.diff(options)) == repo.git({"diff", "HEAD"}));
  options.from = "";
  options.staged = true;
  CHECK(patches(repo.diff(options)) == repo.git({"diff", "--cached"}));
}

TEST_CASE("git status and diff show what is staged of files assumed to be unchanged") {
  Fixture repo{{"kept", "1\n"}, {"gone", "1\n"}, {"edited", "1\n"}};
  repo.workspace.write("new", "n\n");
  repo.workspace.write("edited", "2\n");
  repo.git({"add", "new", "edited"});
  repo.git({"update-index", "--assume-unchanged", "new", "edited", "kept", "gone"});
  repo.workspace.write("new", "not looked at\n");
  repo.shell("rm gone");
  check(repo);
  const auto status = repo.status();
  REQUIRE(status);
  CHECK(status->staged_count == 2);
  CHECK(status->unstaged_count == 0);
  DiffOptions options;
  options.staged = true;
  const auto diff = repo.diff(options);
  REQUIRE(diff);
  REQUIRE(diff->files.size() == 2);
  CHECK(diff->files[0].patch + diff->files[1].patch == repo.git({"diff", "--cached"}));
}

TEST_CASE("git status and diff of a sparse checkout do not look at what it leaves out") {
  Fixture repo{{"in/a", "a\n"}, {"out/old", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"}};
  repo.git({"sparse-checkout", "set", "--no-cone", "/in/"});
  repo.workspace.write("in/new", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  repo.git({"add", "in/new"});
  check(repo);
  DiffOptions options;
  options.from = "HEAD";
  auto diff = repo.diff(options);
  INFO(message_of(diff));
  REQUIRE(diff);
  REQUIRE(diff->files.size() == 1);
  CHECK(diff->files[0].stat.code == 'A');
  CHECK(diff->files[0].stat.path == "in/new");

  // More than may differ.
  const std::string rows =
      "blob=$(git rev-parse :in/a); seq 1 50001 | sed \"s,.*,100644 $blob\t"
      "out/&,\" | git update-index --index-info";
  repo.shell(rows);
  repo.git({"commit", "-q", "-m", "many"});
  repo.shell("git ls-files out | git update-index --skip-worktree --stdin");
  check(repo);
  diff = repo.diff(options);
  INFO(message_of(diff));
  REQUIRE(diff);
  CHECK(diff->files.empty());
}

TEST_CASE("git status keeps to a path taken literally, and to the limit with whole counts") {
  Fixture repo{{"a/x", "1\n"}, {"ab/x", "1\n"}, {"a*/x", "1\n"}};
  for (const char* name : {"a/x", "ab/x", "a*/x"}) repo.workspace.write(name, "changed\n");
  StatusOptions options;
  options.path = "a*";
  auto status = repo.status(options);
  REQUIRE(status);
  REQUIRE(status->unstaged.size() == 1);
  CHECK(status->unstaged[0].path == "a*/x");
  options.path = "";
  options.limit = 2;
  status = repo.status(options);
  REQUIRE(status);
  CHECK(status->unstaged.size() == 2);
  CHECK(status->unstaged_count == 3);
  options.path = "../up";
  CHECK(repo.status(options).error().code == Code::kInvalidArgs);
}

TEST_CASE("git status takes no lock, heeds none and leaves the index as it is") {
  Fixture repo{{"f", "1\n"}};
  repo.workspace.write(".git/index.lock", "");
  repo.shell("touch -d '2020-01-01' f");  // the index's times are stale: git would refresh it
  const std::string before = repo.workspace.read(".git/index");
  const auto status = repo.status();
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(status->unstaged_count == 0);
  CHECK(repo.workspace.read(".git/index") == before);
  CHECK(std::filesystem::exists(repo.workspace.path(".git/index.lock")));
}

TEST_CASE("an ignore file that was written over without another size or time is read again") {
  Fixture repo{{"tracked", "t"}, {"d/tracked", "t"}};
  for (const char* untracked : {"a", "b", "d/c", "d/e"}) repo.workspace.write(untracked, "u");
  const char* const names[] = {".gitignore", "d/.gitignore", ".git/info/exclude"};
  for (const char* name : names) {
    INFO(name);
    const std::string path = repo.workspace.path(name);
    for (const char* content : {"a\nc\n", "b\ne\n", "x\ny\n"}) {
      const bool first = content[0] == 'a';
      struct stat before {};
      if (!first) REQUIRE(stat(path.c_str(), &before) == 0);
      repo.workspace.write(name, content);
      const timespec times[] = {before.st_atim, before.st_mtim};
      if (!first) REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
      check(repo, true);
    }
  }
}

}  // namespace
}  // namespace quarry::git::test
