#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/change/world.h"

namespace quarry::change {
namespace {

using Catch::Contains;
using test::World;
using Names = std::vector<std::string>;
const Names kUndone = {"undone"};

TEST_CASE(
    "undo: takes back the newest changes, one after the other, then says that there are none") {
  World world;
  world.tree.write("a", "0");
  world.put("a", "1");
  world.put("b/new", "x");
  world.put("a", "2");
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.tree.read("a") == "1");
  CHECK(world.undo({.session = "one", .count = 2}) == Names{"undone", "undone"});
  CHECK(world.tree.read("a") == "0");
  CHECK(world.names() == Names{"a"});
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("no change"));
}

TEST_CASE("undo: can be undone, by its id") {
  World world;
  world.tree.write("a", "old");
  const std::string id = world.put("a", "new");
  const auto undone = world.changes->undo(*world.workspace, {.session = "one"}, world.cancel);
  REQUIRE(undone);
  CHECK(world.tree.read("a") == "old");
  CHECK_THAT(world.undo({.session = "one", .id = id}).at(0), Contains("undone already"));
  CHECK(world.undo({.session = "one", .id = undone->at(0).undo_id}) == kUndone);
  CHECK(world.tree.read("a") == "new");
  // And so the change is there again, to be undone once more.
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.tree.read("a") == "old");
}

TEST_CASE("undo: leaves what was changed since, and says which file") {
  World world;
  world.tree.write("a", "old");
  world.put("a", "new");
  world.put("b", "new");
  world.tree.write("b", "by hand");
  const auto refused = world.undo({.session = "one", .count = 2});
  REQUIRE(refused.size() == 1);
  CHECK_THAT(refused.at(0), Contains("'b' was changed since"));
  CHECK(world.tree.read("a") == "new");
  unlink(world.tree.path("b").c_str());
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("'b' was removed since"));
}

TEST_CASE("undo: of a session sees no other session's changes, and no other root's") {
  World world;
  const std::string id = world.put("a", "x", "one");
  CHECK_THAT(world.undo({.session = "two"}).at(0), Contains("no change"));
  CHECK_THAT(world.undo({.session = "two", .id = id}).at(0), Contains("no change"));
  World other;
  const auto elsewhere =
      world.changes->undo(*other.workspace, {.session = "one", .id = id}, world.cancel);
  CHECK_FALSE(elsewhere);
  CHECK(world.undo({.session = "one"}) == kUndone);
}

TEST_CASE("undo: a dry run says what would be and does nothing") {
  World world;
  world.tree.write("a", "0");
  world.put("a", "1");
  world.put("a", "2");
  CHECK(world.undo({.session = "one", .count = 5, .dry_run = true}) == Names{"undone", "undone"});
  CHECK(world.tree.read("a") == "2");
  CHECK(world.undo({.session = "one", .count = 2}).size() == 2);
  CHECK(world.tree.read("a") == "0");
}

TEST_CASE("undo: a dry run finds in each change what those before it would leave") {
  World world;
  world.tree.write("d/sub/a", "one");
  world.tree.write("d/b", "b");
  const auto make = [&](std::initializer_list<std::string> paths, const auto& steps) {
    const auto change = world.begin(paths);
    REQUIRE(steps(*change));
    REQUIRE(change->commit());
  };
  world.put("d/sub/a", "two");
  world.put("d/new/c", "c");
  make({"d/b", "d/sub/b"},
       [&](Change& to) { return to.move(world.path("d/b"), world.path("d/sub/b")); });
  make({"d", "e/f"}, [&](Change& to) { return to.move(world.path("d"), world.path("e/f")); });
  world.put("e/f/sub/a", "three");
  make({"e/f/sub/b"}, [&](Change& to) { return to.remove(world.path("e/f/sub/b")); });
  make({"e"}, [&](Change& to) { return to.remove_tree(world.path("e")); });
  REQUIRE(world.names().empty());
  const auto would = world.changes->undo(
      *world.workspace, {.session = "one", .count = 9, .id = {}, .dry_run = true}, world.cancel);
  REQUIRE(would);
  const auto done =
      world.changes->undo(*world.workspace, {.session = "one", .count = 9, .id = {}}, world.cancel);
  REQUIRE(done);
  REQUIRE(would->size() == done->size());
  for (std::size_t i = 0; i < done->size(); ++i) {
    CAPTURE(i);
    CHECK(would->at(i).refusal.empty());
    CHECK(done->at(i).refusal.empty());
    CHECK(would->at(i).kept == done->at(i).kept);
  }
  CHECK(world.names() == std::vector<std::string>{"d/", "d/b", "d/sub/", "d/sub/a"});
  CHECK(world.tree.read("d/sub/a") == "one");
}

TEST_CASE("undo: brings back trees, links, modes and what was moved or overwritten") {
  World world;
  world.tree.write("tree/sub/run", "x");
  chmod(world.tree.path("tree/sub/run").c_str(), 0750);
  chmod(world.tree.path("tree/sub").c_str(), 0700);
  world.tree.link("nowhere", "tree/link");
  world.tree.write("from", "moved");
  world.tree.write("to", "overwritten");
  const Names before = world.names();
  auto change = world.begin({"tree"});
  REQUIRE(change->remove_tree(world.path("tree")));
  REQUIRE(change->commit());
  change = world.begin({"from", "to"});
  REQUIRE(change->remove(world.path("to")));
  REQUIRE(change->move(world.path("from"), world.path("to")));
  REQUIRE(change->commit());
  CHECK(world.names() == Names{"to"});
  CHECK(world.tree.read("to") == "moved");
  change.reset();
  CHECK(world.undo({.session = "one", .count = 2}) == Names{"undone", "undone"});
  CHECK(world.names() == before);
  CHECK(world.tree.read("from") == "moved");
  CHECK(world.tree.read("to") == "overwritten");
  struct stat status {};
  REQUIRE(stat(world.tree.path("tree/sub/run").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0750);
  REQUIRE(stat(world.tree.path("tree/sub").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("undo: a deleted file comes back with its owner, its mode and its attributes") {
  World world;
  world.tree.write("a", "old");
  const std::string path = world.tree.path("a");
  constexpr uid_t kOwner = 12345;
  constexpr gid_t kGroup = 23456;
  const bool given = chown(path.c_str(), kOwner, kGroup) == 0;
  const std::string note(3000, 'n');
  const bool noted = setxattr(path.c_str(), "user.note", note.data(), note.size(), 0) == 0 &&
                     setxattr(path.c_str(), "user.empty", "", 0, 0) == 0;
  if (!given) WARN("owner left out: only root gives files away");
  if (!noted) WARN("attributes left out: the file system has none");
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  auto change = world.begin({"a"});
  REQUIRE(change->remove(world.path("a")));
  REQUIRE(change->commit());
  change.reset();
  REQUIRE(world.names().empty());
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.tree.read("a") == "old");
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  if (given) CHECK(status.st_uid == kOwner);
  if (given) CHECK(status.st_gid == kGroup);
  if (noted) {
    std::string value(4000, 'x');
    CHECK(getxattr(path.c_str(), "user.note", value.data(), value.size()) == 3000);
    CHECK(value.substr(0, 3000) == note);
    CHECK(getxattr(path.c_str(), "user.empty", nullptr, 0) == 0);
  }
}

TEST_CASE("undo: a deleted directory comes back with its owner, its mode and its attributes") {
  World world;
  world.tree.write("tree/sub/file", "x");
  const std::string path = world.tree.path("tree/sub");
  constexpr uid_t kOwner = 12345;
  const bool given = chown(path.c_str(), kOwner, static_cast<gid_t>(-1)) == 0;
  const bool noted = setxattr(path.c_str(), "user.note", "n", 1, 0) == 0;
  if (!given) WARN("owner left out: only root gives files away");
  if (!noted) WARN("attributes left out: the file system has none");
  REQUIRE(chmod(path.c_str(), 01750) == 0);
  const auto check = [&] {
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 01750);
    if (given) CHECK(status.st_uid == kOwner);
    if (noted) CHECK(getxattr(path.c_str(), "user.note", nullptr, 0) == 1);
  };
  auto change = world.begin({"tree"});
  REQUIRE(change->remove_tree(world.path("tree")));
  REQUIRE(change->commit());
  change.reset();
  REQUIRE(world.names().empty());
  CHECK(world.undo({.session = "one"}) == kUndone);
  check();
  // Nor does it lose them where its removal fails and is taken back.
  change = world.begin({"tree", "last"});
  REQUIRE(change->remove_tree(world.path("tree")));
  REQUIRE(change->put(world.path("last"), "x"));
  world.tree.write("last", "in the way");
  REQUIRE_FALSE(change->commit());
  CHECK(world.tree.read("tree/sub/file") == "x");
  check();
}

TEST_CASE("undo: a deleted symbolic link comes back with its owner") {
  World world;
  world.tree.link("nowhere", "tree/link");
  const std::string path = world.tree.path("tree/link");
  constexpr uid_t kOwner = 12345;
  constexpr gid_t kGroup = 23456;
  if (lchown(path.c_str(), kOwner, kGroup) != 0) {
    WARN("left out: only root gives links away");
    return;
  }
  const auto is_theirs = [&](const std::string& name) {
    struct stat status {};
    REQUIRE(lstat(name.c_str(), &status) == 0);
    return S_ISLNK(status.st_mode) && status.st_uid == kOwner && status.st_gid == kGroup;
  };
  auto change = world.begin({"tree"});
  REQUIRE(change->remove_tree(world.path("tree")));
  REQUIRE(change->commit());
  change.reset();
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(is_theirs(path));
  // Nor is it lost where its removal fails and is taken back.
  change = world.begin({"tree/link", "last"});
  REQUIRE(change->remove(world.path("tree/link")));
  REQUIRE(change->put(world.path("last"), "x"));
  world.tree.write("last", "in the way");
  REQUIRE_FALSE(change->commit());
  CHECK(is_theirs(path));
  // A copy is its maker's.
  change = world.begin({"copy"});
  REQUIRE(change->copy(world.path("tree/link"), world.path("copy")));
  REQUIRE(change->commit());
  CHECK_FALSE(is_theirs(world.tree.path("copy")));
}

TEST_CASE("undo: a directory that was made stays when something else is in it by now") {
  World world;
  world.put("new/file", "x");
  world.tree.write("new/other", "by hand");
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.names() == Names{"new/", "new/other"});
}

TEST_CASE("undo: says which directory it keeps") {
  World world;
  world.put("new/file", "x");
  world.tree.write("new/other", "by hand");
  const auto undone = world.changes->undo(*world.workspace, {.session = "one"}, world.cancel);
  REQUIRE(undone);
  CHECK(undone->at(0).kept == std::set<std::string>{"new"});
}

TEST_CASE("undo: leaves a moved file that was changed since, whether it replaced another or not") {
  for (const bool replaces : {false, true}) {
    World world;
    world.tree.write("from", "moved");
    if (replaces) world.tree.write("to", "old");
    auto change = world.begin({"from", "to"});
    if (replaces) REQUIRE(change->remove(world.path("to")));
    REQUIRE(change->move(world.path("from"), world.path("to")));
    REQUIRE(change->commit());
    change.reset();
    world.tree.write("to", "by hand");
    CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("'to' was changed since"));
    CHECK(world.tree.read("to") == "by hand");
    world.tree.write("to", "moved");  // the same again, by another hand
    CHECK(world.undo({.session = "one"}) == kUndone);
    CHECK(world.tree.read("from") == "moved");
    CHECK((access(world.tree.path("to").c_str(), F_OK) == 0) == replaces);
  }
}

TEST_CASE("undo: leaves a mode that somebody else has set, and says so where it had set one") {
  World world;
  const auto mode = [&](const char* name) {
    struct stat status {};
    REQUIRE(stat(world.tree.path(name).c_str(), &status) == 0);
    return status.st_mode & 07777U;
  };
  world.tree.write("a", "old");
  chmod(world.tree.path("a").c_str(), 0644);
  world.put("a", "new");
  chmod(world.tree.path("a").c_str(), 0600);
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.tree.read("a") == "old");
  CHECK(mode("a") == 0600);

  {
    const auto change = world.begin({"a"});
    REQUIRE(change->put(world.path("a"), "run", 0755));
    REQUIRE(change->commit());
  }
  chmod(world.tree.path("a").c_str(), 0700);
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("mode of 'a' was changed since"));
  CHECK(mode("a") == 0700);
  chmod(world.tree.path("a").c_str(), 0755);
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(mode("a") == 0600);
}

TEST_CASE("undo: moves a file back that is larger than what a change keeps") {
  Limits limits;
  REQUIRE(limits.set("change_bytes", 100));
  World world(limits);
  world.tree.write("big", std::string(200, 'x'));
  const auto move = [&] {
    const auto change = world.begin({"big", "moved"});
    REQUIRE(change->move(world.path("big"), world.path("moved")));
    REQUIRE(change->commit());
  };
  move();
  CHECK(world.undo({.session = "one", .dry_run = true}) == kUndone);
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.names() == Names{"big"});
  move();
  world.tree.write("moved", std::string(200, 'y'));
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("'moved' was changed since"));
}

TEST_CASE("undo: says of what was deleted for good that it is not kept") {
  Limits limits;
  REQUIRE(limits.set("change_bytes", 100));
  World world(limits);
  world.tree.write("big", std::string(200, 'x'));
  world.tree.write("d/big", std::string(200, 'x'));
  world.tree.write("d/small", "x");
  const auto refused = world.begin({"big"})->remove(world.path("big"));
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("--limit change_bytes=") && Contains("100"));
  for (const char* name : {"big", "d"}) {
    const auto change = world.begin({name});
    REQUIRE(change->remove_tree(world.path(name), Change::Keep::kNothing));
    const auto done = change->commit();
    REQUIRE(done);
    CHECK_FALSE(done->undoable);
  }
  CHECK(world.names().empty());
  CHECK_THAT(world.undo({.session = "one"}).at(0), Contains("deleted files for good"));
}

TEST_CASE("undo: points to no older change where the journal has lost one to its own undoing") {
  Limits limits;
  REQUIRE(limits.set("journal_bytes", 12 << 20));
  World world(limits);
  constexpr std::size_t kQuarter = 3'000'000;
  for (const char* name : {"a", "b", "c", "d"}) {
    world.tree.write(name, std::string(kQuarter, 'x'));
    world.put(name, std::string(kQuarter, 'y'));
  }
  const auto undone =
      world.changes->undo(*world.workspace, {.session = "one", .count = 4}, world.cancel);
  REQUIRE(undone);
  REQUIRE(undone->size() == 3);
  CHECK(undone->at(1).refusal.empty());
  CHECK(undone->at(2).refusal == "the change is not kept any more");
  CHECK(undone->at(2).way_on.empty());
}

TEST_CASE("undo: survives a restart of the server") {
  World world;
  world.put("a", "x");
  world.changes = std::make_unique<Changes>(
      Changes::Config{.state_directory = world.state.root(), .sync = true, .limits = {}},
      world.clock);
  CHECK(world.undo({.session = "one"}) == kUndone);
  CHECK(world.names().empty());
}

}  // namespace
}  // namespace quarry::change
