#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/git/everything.h"
#include "tests/git/git_fixture.h"

namespace quarry::git::test {
namespace {

constexpr const char* kSecret = "token-from-outside";

// A repository beside the workspace whose content must never show.
void make_outside(const Fixture& repo) {
  repo.shell(std::string("git init -q -b main ../out && cd ../out && echo ") + kSecret +
             " > secret && git -c user.name=x -c user.email=x add -A && git -c user.name=x "
             "-c user.email=x commit -q -m " +
             kSecret);
}

struct Attack {
  const char* name;
  std::string setup;  // shell, in the workspace
  const char* says;   // part of the refusal
};

void check_refused(const Attack& attack) {
  INFO(attack.name);
  Fixture repo{{"f", "1\n"}};
  make_outside(repo);
  repo.shell(attack.setup);
  const auto log = repo.log();
  INFO(message_of(log));
  REQUIRE(!log);
  CHECK((log.error().code == Code::kDenied || log.error().code == Code::kNotFound ||
         log.error().code == Code::kInternal));
  CHECK(log.error().message.find(attack.says) != std::string::npos);
  const std::string seen = everything(repo);
  CHECK(seen.find(kSecret) == std::string::npos);
  CHECK(seen.find("/out") == std::string::npos);
}

TEST_CASE("git refuses a repository whose parts lie outside the root") {
  const Attack attacks[] = {
      {"relative gitdir file", "rm -rf .git && echo 'gitdir: ../out/.git' > .git", "outside"},
      {"absolute gitdir file", "rm -rf .git && echo \"gitdir: $PWD/../out/.git\" > .git",
       "outside"},
      {"gitdir file through a symlink",
       "rm -rf .git && ln -s ../out sub && echo 'gitdir: sub/.git' > .git", "symlink"},
      {"empty gitdir file", "rm -rf .git && echo 'gitdir:' > .git", "'.git'"},
      {"symlinked .git", "rm -rf .git && ln -s ../out/.git .git", "symlink"},
      {"symlinked objects", "rm -rf .git/objects && ln -s ../../out/.git/objects .git/objects",
       "symlink"},
      {"symlinked pack directory",
       "rm -rf .git/objects/pack && ln -s ../../../out/.git/objects/pack .git/objects/pack",
       "symlink"},
      {"symlinked refs", "rm -rf .git/refs && ln -s ../../out/.git/refs .git/refs", "symlink"},
      {"symlinked HEAD", "rm .git/HEAD && ln -s ../../out/.git/HEAD .git/HEAD", "symlink"},
      {"symlinked branch",
       "rm .git/refs/heads/main && ln -s ../../../../out/.git/refs/heads/main .git/refs/heads/main",
       ""},
      {"commondir", "echo ../../out/.git > .git/commondir", "outside"},
      {"absolute commondir", "echo \"$PWD/../out/.git\" > .git/commondir", "outside"},
      {"work tree elsewhere", "git config core.worktree /etc", "core.worktree"},
      {"work tree above", "git config core.worktree ../..", "core.worktree"},
      {"work tree below", "mkdir sub && git config core.worktree ../sub", "core.worktree"},
      {"included configuration",
       "printf '[core]\\n\\tworktree = /etc\\n' > ../out/config && "
       "git config include.path ../../out/config",
       "outside"},
      {"conditionally included configuration",
       "printf '[core]\\n\\tworktree = /etc\\n' > ../out/config && "
       "git config \"includeIf.gitdir:$PWD/.path\" \"$PWD/../out/config\"",
       "outside"},
      {"alternates", "echo \"$PWD/../out/.git/objects\" > .git/objects/info/alternates",
       "alternates"},
      {"relative alternates", "echo ../../../out/.git/objects > .git/objects/info/alternates",
       "alternates"},
      {"alternates in a circle", "echo ../objects > .git/objects/info/alternates", "alternates"},
  };
  for (const Attack& attack : attacks) check_refused(attack);
}

TEST_CASE("git is not found above the root, and is said not to be there") {
  Fixture repo;
  make_outside(repo);
  repo.shell("git init -q ..");
  CHECK(message_of(repo.status()) == "no git repository at the root of this session");
  CHECK(repo.log().error().code == Code::kNotFound);
  repo.init();
  CHECK(repo.status());  // one that appears later is seen
}

TEST_CASE("git configuration that includes itself or a chain is bounded") {
  Fixture repo{{"f", "1\n"}};
  const std::string config = repo.workspace.read(".git/config");
  repo.workspace.write(".git/config", config + "[include]\n\tpath = config\n");
  CHECK(everything(repo).find("did not answer") == std::string::npos);
  repo.workspace.write(".git/config", config + "[include]\n\tpath = c0\n");
  repo.shell(
      "for i in $(seq 0 1000); do printf '[include]\\n\\tpath = c%s\\n' $((i+1)) > "
      ".git/c$i; done");
  CHECK(everything(repo).find("did not answer") == std::string::npos);
  repo.workspace.write(".git/config", config);
  CHECK(repo.log());
}

TEST_CASE("git does not wait for FIFOs in place of its files") {
  for (const char* name :
       {".git/config", ".git/index", ".git/HEAD", ".git/packed-refs", ".git/info/exclude",
        ".git/info/attributes", ".git/objects/info/alternates", ".git/shallow", ".git/commondir",
        ".gitignore", ".gitattributes", ".gitmodules", ".git", ".git/refs/heads/main",
        "dir/.gitignore", ".git/config.worktree", ".git/objects/pack/pack-1.idx",
        ".git/logs/HEAD"}) {
    INFO(name);
    Fixture repo{{"f", "1\n"}, {"dir/g", "1\n"}};
    repo.workspace.write("dir/untracked", "x");
    repo.shell(std::string("rm -rf ") + name + " && mkdir -p $(dirname " + name + ")");
    REQUIRE(mkfifo(repo.workspace.path(name).c_str(), 0600) == 0);
    const std::string seen = everything(repo);
    CHECK(seen.find("did not answer") == std::string::npos);
    CHECK(seen.find("ended while") == std::string::npos);
  }
}

TEST_CASE("git names what it does not support") {
  const Attack rows[] = {
      {"version", "git config core.repositoryformatversion 99", "unsupported"},
      {"extension",
       "git config core.repositoryformatversion 1 && git config extensions.strange true",
       "unsupported"},
      {"reftable", "mkdir .git/reftable", "unsupported"},
  };
  for (const Attack& row : rows) check_refused(row);

  Fixture sha;
  sha.shell("git init -q --object-format=sha256 .");
  CHECK(message_of(sha.log()).find("sha256") != std::string::npos);

  Fixture split{{"f", "1\n"}};
  split.git({"update-index", "--split-index"});
  CHECK(message_of(split.status()).find("--no-split-index") != std::string::npos);
  CHECK(split.log());

  Fixture sparse{{"a/f", "1\n"}, {"b/f", "1\n"}};
  sparse.git({"sparse-checkout", "set", "--cone", "--sparse-index", "a"});
  CHECK(message_of(sparse.status()).find("sparse") != std::string::npos);
  CHECK(sparse.log());

  Fixture config{{"f", "1\n"}};
  config.shell(
      "git config extensions.worktreeConfig true && "
      "git config --worktree core.worktree /etc");
  const auto status = config.status();
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(status->staged_count + status->unstaged_count + status->untracked_count == 0);
}

TEST_CASE("git linked worktrees work inside the root and are explained outside") {
  Fixture main{{"f", "1\n"}};
  main.shell("git worktree add -q ../linked && echo x > ../linked/new");
  GitClient outside(main.workspace.root() + "/../linked", helper_path(), main.clock);
  const CancelToken cancel = main.token();
  CHECK(message_of(outside.status({}, cancel)).find("main repository") != std::string::npos);
  CHECK(main.facts()->worktrees == 1);

  Fixture inside;
  inside.shell("git clone -q --bare file://" + main.workspace.root() +
               " .bare && echo 'gitdir: ./.bare' > .git && git config core.bare true");
  const auto log = inside.log();
  INFO(message_of(log));
  CHECK(log);
}

TEST_CASE("git of another owner is refused by name") {
  if (geteuid() != 0) {
    WARN("skipped: giving a repository to another user needs root");
    return;
  }
  Fixture repo{{"f", "1\n"}};
  repo.shell("chown -R 12345 .git");
  const auto log = repo.log();
  REQUIRE(!log);
  CHECK(log.error().code == Code::kDenied);
  CHECK(log.error().message.find("12345") != std::string::npos);
  repo.shell("chown -R 12345 .");  // the root's own owner is trusted: the user named the root
  CHECK(repo.log());
}

TEST_CASE("git pays no heed to the environment or the user's configuration") {
  setenv("GIT_DIR", "/nonexistent", 1);
  setenv("GIT_INDEX_FILE", "/nonexistent", 1);
  setenv("GIT_CONFIG_COUNT", "1", 1);
  setenv("GIT_CONFIG_KEY_0", "core.bare", 1);
  setenv("GIT_CONFIG_VALUE_0", "true", 1);
  const auto unset = [] {
    for (const char* name : {"GIT_DIR", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0",
                             "GIT_CONFIG_VALUE_0"}) {
      unsetenv(name);
    }
  };
  quarry::test::TempWorkspace home;
  home.write(".gitconfig", "[core\nbroken");
  home.run({"chmod", "0", ".gitconfig"});
  const char* old = getenv("HOME");
  const std::string before = old == nullptr ? "" : old;
  setenv("HOME", home.root().c_str(), 1);
  Fixture repo;
  repo.shell(
      "env -u GIT_DIR -u GIT_INDEX_FILE -u GIT_CONFIG_COUNT sh -c 'git init -q -b main . && "
      "echo 1 > f && git add f && git commit -q -m one'");
  const auto status = repo.status();
  unset();
  if (old != nullptr) setenv("HOME", before.c_str(), 1);
  INFO(message_of(status));
  REQUIRE(status);
  CHECK(status->branch == "main");
}

TEST_CASE("git runs none of the programs that a repository names") {
  Fixture repo{{"f", "1\n"}, {".gitattributes", "* filter=evil diff=evil merge=evil\n"}};
  const std::string mark = "touch " + repo.workspace.path("ran") + "; cat";
  for (const char* key :
       {"core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "filter.evil.clean",
        "filter.evil.smudge", "filter.evil.process", "diff.evil.command", "diff.evil.textconv",
        "diff.external", "merge.evil.driver", "credential.helper", "gpg.program"}) {
    repo.git({"config", key, mark});
  }
  repo.shell(
      "for h in fsmonitor-watchman post-index-change reference-transaction pre-commit; do "
      "printf '#!/bin/sh\\n" +
      mark + "\\n' > .git/hooks/$h; chmod +x .git/hooks/$h; done");
  repo.workspace.write("f", "2\n");
  std::filesystem::remove(repo.workspace.path("ran"));
  const std::string seen = everything(repo);
  CHECK(seen.find("+2") != std::string::npos);
  CHECK(!std::filesystem::exists(repo.workspace.path("ran")));
}

}  // namespace
}  // namespace quarry::git::test
