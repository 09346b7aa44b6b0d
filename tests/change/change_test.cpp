#include "server/change/change.h"

#include <chrono>

#include <sys/stat.h>
#include <unistd.h>

#include "tests/change/world.h"

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

TEST_CASE("change: a file is one file to change, by whatever root it is reached") {
  World world;
  const auto first = world.begin({"d/a"});
  for (const std::string& root : {std::string("/"), world.tree.path("d")}) {
    world.tree.make_directory("d");
    const auto other =
        sandbox::Workspace::open(root, sandbox::Workspace::Resolver::kAuto, /*force=*/true).value();
    const auto at = other->parse(world.tree.path("d/a")).value();
    CancelToken stopped(world.clock);
    stopped.cancel();
    Change second(*world.changes, *other, {.session = "two", .tool = "test"}, stopped);
    const auto held = second.lock(std::array{at});
    REQUIRE_FALSE(held);
    CHECK(held.error().code == Code::kCancelled);
  }
}

TEST_CASE("change: what is read is what will be there, where names change hands") {
  World world;
  world.tree.write("one/f", "first");
  world.tree.write("two/f", "second");
  const auto change = world.begin({"one", "two", "three"});
  REQUIRE(change->move(world.path("two"), world.path("three")));
  REQUIRE(change->move(world.path("one"), world.path("two")));
  CHECK(change->read(world.path("two/f")).value()->bytes == "first");
  CHECK(change->read(world.path("three/f")).value()->bytes == "second");
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

}  // namespace
}  // namespace quarry::change
