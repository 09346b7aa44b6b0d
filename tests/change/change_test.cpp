#include "server/change/change.h"

#include <chrono>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/change/world.h"
#include "tests/sandbox/forked.h"

namespace quarry::change {
namespace {

using Catch::Contains;
using test::World;
using Names = std::vector<std::string>;

TEST_CASE("change: files are made with the directories on the way, and replaced") {
  World world;
  world.put("a/b/new.txt", "one");
  CHECK(world.names() == Names{"a/", "a/b/", "a/b/new.txt"});
  world.put("a/b/new.txt", "two");
  CHECK(world.tree.read("a/b/new.txt") == "two");
  CHECK(world.names().size() == 3);
}

TEST_CASE("change: a new file gets its mode by the umask, a replaced one keeps its own") {
  World world;
  const mode_t old = umask(027);
  world.put("new", "x");
  umask(old);
  world.tree.write("script", "#!/bin/sh\n");
  chmod(world.tree.path("script").c_str(), 0755);
  world.put("script", "#!/bin/bash\n");
  struct stat status {};
  REQUIRE(stat(world.tree.path("new").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  REQUIRE(stat(world.tree.path("script").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
}

TEST_CASE("change: what was read is what is changed, or nothing is") {
  World world;
  world.tree.write("a", "a");
  world.tree.write("b", "b");
  struct Row {
    const char* name;
    std::function<void(World&)> meanwhile;
  };
  const Row rows[] = {
      {"written", [](World& w) { w.tree.write("b", "another"); }},
      {"removed", [](World& w) { unlink(w.tree.path("b").c_str()); }},
      {"replaced",
       [](World& w) {
         w.tree.write("b2", "b");
         rename(w.tree.path("b2").c_str(), w.tree.path("b").c_str());
       }},
      {"a link",
       [](World& w) {
         unlink(w.tree.path("b").c_str());
         w.tree.link("a", "b");
       }},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    unlink(world.tree.path("b").c_str());
    world.tree.write("b", "b");
    const auto change = world.begin({"a", "b", "c"});
    REQUIRE(change->put(world.path("a"), "changed"));
    REQUIRE(change->put(world.path("c"), "made"));
    REQUIRE(change->put(world.path("b"), "changed"));
    row.meanwhile(world);
    const auto refused = change->commit();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kConflict);
    CHECK_THAT(refused.error().message, Contains("'b'") && Contains("nothing was changed"));
    CHECK(world.tree.read("a") == "a");
    CHECK(access(world.tree.path("c").c_str(), F_OK) != 0);
  }
}

TEST_CASE("change: what was read stays what is changed when it is read or said again") {
  World world;
  struct Row {
    const char* name;
    std::function<Result<void>(Change&)> step;
  };
  const Row rows[] = {
      {"put", [&](Change& change) { return change.put(world.path("a"), "changed"); }},
      {"remove", [&](Change& change) { return change.remove(world.path("a")); }},
      {"read other, put",
       [&](Change& change) -> Result<void> {
         TRY(change.read(world.path("b")));
         return change.put(world.path("a"), "changed");
       }},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    world.tree.write("a", "old");
    world.tree.write("b", "b");
    const auto change = world.begin({"a"});
    REQUIRE(change->read(world.path("a")));
    world.tree.write("a", "by another hand");
    auto done = row.step(*change);
    if (done) {
      const auto receipt = change->commit();
      if (!receipt) done = Failure(receipt.error());
    }
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Code::kConflict);
    CHECK(world.tree.read("a") == "by another hand");
  }
  // Locked again, it is looked at afresh.
  const auto change = world.begin({"a"});
  REQUIRE(change->read(world.path("a")));
  world.tree.write("a", "once more");
  REQUIRE(change->lock(std::array{world.path("a")}));
  const auto found = change->read(world.path("a"));
  REQUIRE(found);
  REQUIRE(found->has_value());
  CHECK((*found)->bytes == "once more");
}

TEST_CASE("change: what appears where a file was to be made stays") {
  World world;
  const auto change = world.begin({"new"});
  REQUIRE(change->put(world.path("new"), "mine"));
  world.tree.write("new", "theirs");
  CHECK_FALSE(change->commit());
  CHECK(world.tree.read("new") == "theirs");
}

TEST_CASE("change: all steps are taken back when one fails") {
  World world;
  world.tree.write("keep", "old");
  world.tree.write("gone/file", "in it");
  world.tree.link("keep", "link");
  world.tree.write("moved", "moved");
  const auto before = world.names();
  const auto change = world.begin({"keep", "gone", "link", "moved", "to/here", "last"});
  REQUIRE(change->put(world.path("keep"), "new"));
  REQUIRE(change->remove_tree(world.path("gone")));
  REQUIRE(change->remove(world.path("link")));
  REQUIRE(change->move(world.path("moved"), world.path("to/here")));
  REQUIRE(change->put(world.path("last"), "x"));
  world.tree.write("last", "in the way");
  const auto failed = change->commit();
  REQUIRE_FALSE(failed);
  unlink(world.tree.path("last").c_str());
  CHECK(world.names() == before);
  CHECK(world.tree.read("keep") == "old");
  CHECK(world.tree.read("gone/file") == "in it");
  CHECK(world.tree.read("link") == "old");
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("no change"));
}

TEST_CASE("change: protected files and git directories are refused by every operation") {
  World world;
  world.tree.write(".git/config", "x");
  world.tree.write("sub/.git/HEAD", "x");
  world.tree.write("bare/HEAD", "ref: x");
  world.tree.make_directory("bare/objects");
  world.tree.make_directory("bare/refs");
  world.tree.write(".vscode/settings.json", "{}");
  world.tree.write("free", "x");
  for (const char* path :
       {".git/config", ".GIT/x", ".git", "git~1/x", "sub/.git/HEAD", "sub/.git/new", "bare/HEAD",
        "bare/hooks/pre-commit", ".vscode/settings.json", ".vscode/new/deep", ".envrc", "a/.ENVRC",
        ".mcp.json"}) {
    INFO(path);
    Change change(*world.changes, *world.workspace, {.session = "one", .tool = "test"},
                  world.cancel);
    const auto refused = change.put(world.path(path), "x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kDenied);
    CHECK_FALSE(change.move(world.path("free"), world.path(path)));
    CHECK_FALSE(change.lock(std::array{world.path(path)}));
    CHECK_FALSE(change.make_directory(world.path(path)));
  }
  Change change(*world.changes, *world.workspace, {.session = "one", .tool = "test"}, world.cancel);
  const auto refused = change.remove_tree(world.path("sub"));
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("sub/.git"));
  CHECK(world.tree.read("sub/.git/HEAD") == "x");
}

TEST_CASE("change: a change has limits, at each of which it still works") {
  Limits limits;
  REQUIRE(limits.set("change_files", 3));
  REQUIRE(limits.set("change_bytes", 100));
  World world(limits);
  {
    const auto change = world.begin({"a", "b", "c"});
    for (const char* name : {"a", "b", "c"}) REQUIRE(change->put(world.path(name), "x"));
    CHECK(change->put(world.path("d"), "x").error().code == Code::kTooLarge);
    REQUIRE(change->commit());
  }
  CHECK(world.begin({"a"})->put(world.path("a"), std::string(100, 'x')).error().code ==
        Code::kTooLarge);
  world.put("a", std::string(99, 'x'));
  CHECK(world.tree.read("a").size() == 99);
}

TEST_CASE("change: copies keep links as links and modes as they are") {
  World world;
  world.tree.write("from/run", "x");
  chmod(world.tree.path("from/run").c_str(), 0755);
  world.tree.link("../../outside", "from/away");
  world.tree.make_directory("from/empty");
  const auto change = world.begin({"to"});
  REQUIRE(change->copy(world.path("from"), world.path("to")));
  REQUIRE(change->commit());
  CHECK(world.names() == Names{"from/", "from/away", "from/empty/", "from/run", "to/", "to/away",
                               "to/empty/", "to/run"});
  CHECK(std::filesystem::read_symlink(world.tree.path("to/away")) == "../../outside");
  CHECK(access(world.tree.path("to/run").c_str(), X_OK) == 0);
  const auto into = world.begin({"from/x"});
  CHECK_FALSE(into->copy(world.path("from"), world.path("from/x")));
}

TEST_CASE("change: without a state directory changes are made and cannot be undone") {
  World world;
  Changes bare({.state_directory = "", .sync = false, .limits = {}}, world.clock);
  Change change(bare, *world.workspace, {.session = "one", .tool = "test"}, world.cancel);
  REQUIRE(change.lock(std::array{world.path("a")}));
  REQUIRE(change.put(world.path("a"), "x"));
  const auto done = change.commit();
  REQUIRE(done);
  CHECK_FALSE(done->undoable);
  CHECK(world.tree.read("a") == "x");
  const auto undone = bare.undo(*world.workspace, {.session = "one"}, world.cancel);
  REQUIRE_FALSE(undone);
  CHECK(undone.error().code == Code::kUnavailable);
}

TEST_CASE("change: a state directory that was taken away is named, and what to do") {
  World world;
  world.put("a", "x");
  std::filesystem::remove_all(world.state.root());
  Change change(*world.changes, *world.workspace, {.session = "one", .tool = "test"}, world.cancel);
  const auto held = change.lock(std::array{world.path("a")});
  REQUIRE_FALSE(held);
  CHECK_THAT(held.error().message,
             Contains("removed or replaced") && Contains("start quarry again"));
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("removed or replaced"));
  CHECK(world.tree.read("a") == "x");
}

TEST_CASE("change: two changes of one file wait for each other, and not for ever") {
  World world;
  const auto first = world.begin({"a"});
  Change second(*world.changes, *world.workspace, {.session = "two", .tool = "test"}, world.cancel);
  // Another file is free.
  REQUIRE(second.lock(std::array{world.path("b")}));
  CancelToken stopped(world.clock);
  stopped.cancel();
  Change third(*world.changes, *world.workspace, {.session = "two", .tool = "test"}, stopped);
  CHECK(third.lock(std::array{world.path("a")}).error().code == Code::kCancelled);
}

TEST_CASE("change: a path of two thousand directories is made, or refused, in a moment") {
  World world;
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "a/";
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto change = world.begin({deep + "x"});
    REQUIRE(change->put(world.path(deep + "x"), "deep"));
    CHECK(change->steps() == 2001);
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  CancelToken stopped(world.clock);
  Change change(*world.changes, *world.workspace, {.session = "one", .tool = "test"}, stopped);
  REQUIRE(change.lock(std::array{world.path(deep + "x")}));
  stopped.cancel();
  CHECK(change.put(world.path(deep + "x"), "deep").error().code == Code::kCancelled);
}

TEST_CASE("change: a directory on the way that appears meanwhile serves, and stays") {
  World world;
  auto change = world.begin({"on/the/way/file"});
  REQUIRE(change->put(world.path("on/the/way/file"), "x"));
  world.tree.write("on/the/other", "theirs");
  REQUIRE(change->commit());
  CHECK(world.tree.read("on/the/way/file") == "x");

  change = world.begin({"to/be/file", "last"});
  REQUIRE(change->put(world.path("to/be/file"), "x"));
  REQUIRE(change->put(world.path("last"), "x"));
  world.tree.make_directory("to");
  world.tree.write("last", "in the way");
  const auto refused = change->commit();
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("nothing was changed"));
  CHECK(world.names() ==
        Names{"last", "on/", "on/the/", "on/the/other", "on/the/way/", "on/the/way/file", "to/"});
  // One that was asked for itself is not there twice, and a file is no directory.
  const auto asked = world.begin({"mine"});
  REQUIRE(asked->make_directory(world.path("mine")));
  world.tree.make_directory("mine");
  CHECK_FALSE(asked->commit());
  const auto blocked = world.begin({"file/in/it"});
  REQUIRE(blocked->put(world.path("file/in/it"), "x"));
  world.tree.write("file", "no directory");
  CHECK_FALSE(blocked->commit());
}

TEST_CASE("change: several names of one file are changed and removed together") {
  World world;
  const auto write = [&] {
    world.tree.write("tree/a", "one");
    for (const char* name : {"tree/b", "tree/c"}) {
      unlink(world.tree.path(name).c_str());
      REQUIRE(link(world.tree.path("tree/a").c_str(), world.tree.path(name).c_str()) == 0);
    }
  };
  write();
  auto change = world.begin({"tree/a", "tree/b", "tree/c"});
  for (const char* name : {"tree/a", "tree/b", "tree/c"}) {
    REQUIRE(change->put(world.path(name), "two"));
  }
  auto done = change->commit();
  if (!done) FAIL(done.error().message);
  change.reset();
  CHECK(world.tree.read("tree/c") == "two");
  write();
  change = world.begin({"tree"});
  REQUIRE(change->remove_tree(world.path("tree")));
  done = change->commit();
  if (!done) FAIL(done.error().message);
  change.reset();
  CHECK(world.names().empty());
  CHECK(world.undo({.session = "one"}) == std::vector<std::string>{"undone"});
  CHECK(world.tree.read("tree/b") == "one");
  // What another program does to one of them is seen still.
  write();
  change = world.begin({"tree"});
  REQUIRE(change->remove_tree(world.path("tree")));
  world.tree.write("tree/c", "three");
  CHECK_FALSE(change->commit());
  CHECK(world.tree.read("tree/a") == "three");
}

TEST_CASE("change: a file takes no access control list that the one it replaces did not have") {
  World world;
  world.tree.write("d/file", "old");
  // user 12345 may read and write what is made in it
  constexpr std::string_view kDefault{
      "\2\0\0\0\1\0\7\0\xff\xff\xff\xff\2\0\6\0\x39\x30\0\0\4\0\5\0\xff\xff\xff\xff"
      "\x10\0\7\0\xff\xff\xff\xff\x20\0\5\0\xff\xff\xff\xff",
      44};
  if (setxattr(world.tree.path("d").c_str(), "system.posix_acl_default", kDefault.data(),
               kDefault.size(), 0) != 0) {
    WARN("left out: the file system has no access control lists");
    return;
  }
  const std::string path = world.tree.path("d/file");
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  const auto has_list = [](const std::string& name) {
    return getxattr(name.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
  };
  world.put("d/file", "new");
  CHECK_FALSE(has_list(path));
  auto change = world.begin({"d/file"});
  REQUIRE(change->remove(world.path("d/file")));
  REQUIRE(change->commit());
  change.reset();
  CHECK(world.undo({.session = "one"}) == std::vector<std::string>{"undone"});
  CHECK_FALSE(has_list(path));
  world.put("d/other", "new");
  CHECK(has_list(world.tree.path("d/other")));
}

TEST_CASE("change: a directory that its owner may not write in is copied with what it holds") {
  CHECK(sandbox::test::forked([](sandbox::test::Report& report) {
          World world;
          world.tree.write("from/sub/file", "x");
          chmod(world.tree.path("from/sub").c_str(), 0555);
          chmod(world.tree.path("from").c_str(), 0555);
          if (geteuid() == 0) {
            constexpr uid_t kNobody = 65534;
            for (const auto& place : {world.tree.root(), world.state.root()}) {
              world.tree.run({"chown", "-R", std::to_string(kNobody), place});
              world.tree.run({"chmod", "a+x", std::filesystem::path(place).parent_path()});
            }
            if (setresuid(kNobody, kNobody, kNobody) != 0) throw std::runtime_error("setresuid");
          }
          const auto copy = [&](const char* to, bool fails) {
            const auto change = world.begin({to, "last"});
            if (!change->copy(world.path("from"), world.path(to))) return false;
            if (fails && !change->put(world.path("last"), "x")) return false;
            if (fails) world.tree.write("last", "in the way");
            return static_cast<bool>(change->commit());
          };
          report.claim(copy("to", false), "not copied");
          report.claim(world.tree.read("to/sub/file") == "x", "another content");
          struct stat status {};
          stat(world.tree.path("to/sub").c_str(), &status);
          report.claim((status.st_mode & 07777) == 0555, "another mode");
          report.claim(!copy("no", true), "did not fail");
          report.claim(access(world.tree.path("no").c_str(), F_OK) != 0, "not taken back");
          for (const char* name : {"to", "to/sub", "from", "from/sub"}) {
            chmod(world.tree.path(name).c_str(), 0755);
          }
        }) == "");
}

}  // namespace
}  // namespace quarry::change
