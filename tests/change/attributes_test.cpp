// What a change makes of modes, names, links and access lists.

#include <filesystem>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/change/world.h"
#include "tests/sandbox/forked.h"
#include "tests/support/ordinary_user.h"

namespace quarry::change {
namespace {

using test::World;
using Names = std::vector<std::string>;

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

struct Linked {
  Linked() {
    world.tree.write("tree/a", "one");
    for (const char* name : {"tree/b", "tree/sub/c"}) {
      world.tree.make_directory("tree/sub");
      REQUIRE(link(world.tree.path("tree/a").c_str(), world.tree.path(name).c_str()) == 0);
    }
    chmod(world.tree.path("tree/a").c_str(), 0640);
  }
  struct stat facts(const char* name) const {
    struct stat status {};
    REQUIRE(stat(world.tree.path(name).c_str(), &status) == 0);
    return status;
  }
  // Names of one file that all are as they were.
  bool is_one() const {
    const struct stat first = facts("tree/a");
    bool same = first.st_nlink == 3 && (first.st_mode & 07777U) == 0640;
    for (const char* name : {"tree/a", "tree/b", "tree/sub/c"}) {
      same = same && facts(name).st_ino == first.st_ino && world.tree.read(name) == "one";
    }
    return same && world.names() == kNames;
  }
  void rewrite() {
    const auto change = world.begin({"tree/a", "tree/b", "tree/sub/c"});
    for (const char* name : {"tree/a", "tree/b", "tree/sub/c"}) {
      REQUIRE(change->put(world.path(name), "two"));
    }
    REQUIRE(change->commit());
  }

  const Names kNames = {"tree/", "tree/a", "tree/b", "tree/sub/", "tree/sub/c"};
  World world;
};

TEST_CASE("undo: the names of one file that a change removed or rewrote are one file's again") {
  Linked linked;
  World& world = linked.world;
  REQUIRE(linked.is_one());
  auto change = world.begin({"tree"});
  REQUIRE(change->remove_tree(world.path("tree")));
  REQUIRE(change->commit());
  change.reset();
  CHECK(world.undo({.session = "one"}) == Names{"undone"});
  CHECK(linked.is_one());
  linked.rewrite();
  CHECK(linked.facts("tree/a").st_nlink == 1);
  CHECK(world.undo({.session = "one"}) == Names{"undone"});
  CHECK(linked.is_one());
}

TEST_CASE("undo: a name whose file has another mode by now stays a file of its own") {
  Linked linked;
  linked.rewrite();
  chmod(linked.world.tree.path("tree/b").c_str(), 0600);
  CHECK(linked.world.undo({.session = "one"}) == Names{"undone"});
  CHECK(linked.facts("tree/a").st_ino == linked.facts("tree/sub/c").st_ino);
  CHECK(linked.facts("tree/b").st_nlink == 1);
  CHECK((linked.facts("tree/b").st_mode & 07777U) == 0600);
  CHECK(linked.world.tree.read("tree/b") == "one");
}

TEST_CASE("change: names of one file stay that where the change is taken back") {
  Linked linked;
  World& world = linked.world;
  // Of all of them, or of some, while another is as it was.
  for (const bool all : {true, false}) {
    const auto change = world.begin({"tree", "last"});
    if (all) {
      REQUIRE(change->remove_tree(world.path("tree")));
      REQUIRE(change->put(world.path("last"), "x"));
      world.tree.write("last", "in the way");
    } else {
      for (const char* name : {"tree/a", "tree/b", "tree/sub/c"}) {
        REQUIRE(change->put(world.path(name), "two"));
      }
      REQUIRE(unlink(world.tree.path("tree/sub/c").c_str()) == 0);
    }
    REQUIRE_FALSE(change->commit());
    if (all) {
      REQUIRE(unlink(world.tree.path("last").c_str()) == 0);
    } else {
      CHECK(linked.facts("tree/a").st_ino == linked.facts("tree/b").st_ino);
      REQUIRE(link(world.tree.path("tree/a").c_str(), world.tree.path("tree/sub/c").c_str()) == 0);
    }
    CHECK(linked.is_one());
  }
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

TEST_CASE("change: nothing is touched where a directory among them may not be changed") {
  World world;
  CHECK(sandbox::test::forked([&](sandbox::test::Report& report) {
          world.tree.write("tree/a", "x");
          world.tree.write("tree/shut/b", "x");
          chmod(world.tree.path("tree/shut").c_str(), 0555);
          quarry::test::become_ordinary({&world.tree, &world.state});
          const auto inode = [&] {
            struct stat status {};
            return stat(world.tree.path("tree/a").c_str(), &status) == 0 ? status.st_ino : 0;
          };
          const ino_t before = inode();
          {
            const auto change = world.begin({"tree"});
            report.claim(change->remove_tree(world.path("tree")).has_value(), "not planned");
            const auto done = change->commit();
            report.claim(!done && done.error().message ==
                                      "no permission to change 'tree/shut/b'; nothing was changed",
                         "not refused");
          }
          report.claim(inode() == before, "made anew");
          chmod(world.tree.path("tree/shut").c_str(), 0755);
        }) == "");
}

TEST_CASE("change: a directory that its owner may not write in is copied with what it holds") {
  World world;
  CHECK(sandbox::test::forked([&](sandbox::test::Report& report) {
          world.tree.write("from/sub/file", "x");
          chmod(world.tree.path("from/sub").c_str(), 0555);
          chmod(world.tree.path("from").c_str(), 0555);
          quarry::test::become_ordinary({&world.tree, &world.state});
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
          const auto remove_what_is_in_it = [&] {
            const auto change = world.begin({"to", "last"});
            if (!change->remove(world.path("to/sub/file"))) return false;
            if (!change->remove_directory(world.path("to/sub"))) return false;
            if (!change->put(world.path("last"), "x")) return false;
            world.tree.write("last", "in the way");
            const bool done = change->commit().has_value();
            unlink(world.tree.path("last").c_str());
            return done;
          };
          report.claim(!remove_what_is_in_it(), "was removed");
          stat(world.tree.path("to/sub").c_str(), &status);
          report.claim((status.st_mode & 07777) == 0555, "another mode when it is taken back");
          report.claim(world.undo({.session = "one"}) == Names{"undone"}, "not undone");
          report.claim(access(world.tree.path("to").c_str(), F_OK) != 0, "still there");
          report.claim(!copy("no", true), "did not fail");
          report.claim(access(world.tree.path("no").c_str(), F_OK) != 0, "not taken back");
          for (const char* name : {"from", "from/sub"}) {
            chmod(world.tree.path(name).c_str(), 0755);
          }
        }) == "");
}

}  // namespace
}  // namespace quarry::change
