// Trees in which another file system is mounted.

#include "tests/support/mounts.h"

#include <chrono>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "tests/change/world.h"
#include "tests/sandbox/forked.h"

namespace quarry::change {
namespace {

using sandbox::test::Report;
using test::World;

// In a tree whose directory d/m is another file system, in a process of its own; not at all, and
// says so, where none can be mounted.
std::string with_mount(const std::function<void(World&, Report&)>& body) {
  constexpr const char* kNone = "no mount";
  const std::string said = sandbox::test::forked([&](Report& report) {
    World world;
    world.tree.make_directory("d/m");
    const bool mounted = quarry::test::enter_mounts() &&
                         mount("tmpfs", world.tree.path("d/m").c_str(), "tmpfs", 0, "size=1m") == 0;
    report.claim(mounted, kNone);
    if (!mounted) return;
    // A descriptor from before does not see it.
    world.workspace = sandbox::Workspace::open(world.tree.root()).value();
    body(world, report);
    umount2(world.tree.path("d/m").c_str(), MNT_DETACH);
  });
  if (said != std::string(kNone) + "\n") return said;
  WARN("left out: mounting needs root or user namespaces");
  return "";
}

ino_t inode(const World& world, const char* name) {
  struct stat status {};
  return lstat(world.tree.path(name).c_str(), &status) == 0 ? status.st_ino : 0;
}

TEST_CASE("change: what cannot be removed is refused before anything in it is touched") {
  CHECK(with_mount([](World& world, Report& report) {
          world.tree.write("d/file", "x");
          world.tree.write("d/m/file", "x");
          const ino_t file = inode(world, "d/file");
          for (const char* name : {"d", "d/m"}) {
            for (const auto keep : {Change::Keep::kContent, Change::Keep::kNothing}) {
              const auto change = world.begin({name});
              const auto removed = change->remove_tree(world.path(name), keep);
              const bool said = !removed && removed.error().message.starts_with(
                                                "'d/m' is a mount point, which cannot be removed");
              report.claim(said, "not refused");
              report.claim(!change->check_tree(world.path(name)), "not refused in parts");
            }
          }
          report.claim(inode(world, "d/file") == file, "made anew");
        }) == "");
}

TEST_CASE("change: a file that is a mount point is refused before what is beside it is touched") {
  CHECK(with_mount([](World& world, Report& report) {
          for (const char* name : {"e/a", "e/config", "elsewhere"}) world.tree.write(name, "x");
          const std::string config = world.tree.path("e/config");
          report.claim(mount(world.tree.path("elsewhere").c_str(), config.c_str(), nullptr, MS_BIND,
                             nullptr) == 0,
                       "not mounted");
          for (const auto keep : {Change::Keep::kContent, Change::Keep::kNothing}) {
            const auto change = world.begin({"e"});
            const auto removed = change->remove_tree(world.path("e"), keep);
            report.claim(!removed && removed.error().message.starts_with(
                                         "'e/config' is a mount point, which cannot be removed"),
                         "not refused");
            report.claim(!change->check_tree(world.path("e")), "not refused in parts");
          }
          umount2(config.c_str(), MNT_DETACH);
        }) == "");
}

TEST_CASE("change: names of one file are one file's on another file system, and back again") {
  CHECK(with_mount([](World& world, Report& report) {
          world.tree.write("from/a", "one");
          world.tree.make_directory("from/sub");
          const auto link_to = [&](const char* name) {
            return link(world.tree.path("from/a").c_str(), world.tree.path(name).c_str()) == 0;
          };
          report.claim(link_to("from/b") && link_to("from/sub/c"), "no links");
          const auto is_one = [&](const std::string& at) {
            const ino_t first = inode(world, (at + "/a").c_str());
            return first != 0 && inode(world, (at + "/b").c_str()) == first &&
                   inode(world, (at + "/sub/c").c_str()) == first &&
                   world.tree.read(at + "/sub/c") == "one";
          };
          {
            const auto change = world.begin({"from", "d/m/to"});
            report.claim(change->move(world.path("from"), world.path("d/m/to")).has_value(),
                         "not planned");
            report.claim(change->commit().has_value(), "not moved");
          }
          report.claim(is_one("d/m/to") && !is_one("from"), "apart there");
          report.claim(world.undo({.session = "one"}) == std::vector<std::string>{"undone"},
                       "not undone");
          report.claim(is_one("from") && !is_one("d/m/to"), "apart here");
        }) == "");
}

TEST_CASE("change: what is written in the tick in which a file was read is not replaced later") {
  CHECK(with_mount([](World& world, Report& report) {
          // One that keeps times in the kernel's ticks, as all do before 6.13.
          const std::string directory = world.tree.path("d");
          if (mount("ramfs", directory.c_str(), "ramfs", 0, nullptr) != 0) {
            WARN("left out: no ramfs can be mounted");
            return;
          }
          world.workspace = sandbox::Workspace::open(world.tree.root()).value();
          const auto stamp = [&] {
            return world.workspace->metadata(world.path("d/file")).value().stamp;
          };
          for (const std::string how : {"replaced", "removed", "moved onto"}) {
            std::unique_ptr<Change> change;
            for (bool again = true; again;) {
              world.tree.write("d/file", "old");
              world.tree.write("d/other", "other");
              const sandbox::Stamp read = stamp();
              change.reset();
              change = world.begin({"d/file", "d/other"});
              const sandbox::Path file = world.path("d/file");
              const auto planned = how == "replaced" ? change->put(file, "new")
                                   : how == "removed"
                                       ? change->remove(file)
                                       : change->move(world.path("d/other"), file, true);
              report.claim(planned.has_value(), "not planned");
              const Fd writer(open((directory + "/file").c_str(), O_WRONLY | O_CLOEXEC));
              report.claim(write(writer.get(), "odd", 3) == 3, "not written");
              again = stamp() != read;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(200));  // as the disk may take
            report.claim(!change->commit(), how);
            report.claim(world.tree.read("d/file") == "odd", "lost");
          }
          umount2(directory.c_str(), MNT_DETACH);
        }) == "");
}

TEST_CASE("change: files of a lower layer of an overlay are replaced, removed and put back") {
  CHECK(with_mount([](World& world, Report& report) {
          // In the other file system, which an upper layer has to be in.
          for (const char* name : {"d/m/upper", "d/m/work", "lower"})
            world.tree.make_directory(name);
          world.tree.make_directory("merged");
          for (const char* name : {"edited", "removed"}) {
            world.tree.write(std::string("lower/") + name, "old");
          }
          const std::string layers = "userxattr,lowerdir=" + world.tree.path("lower") +
                                     ",upperdir=" + world.tree.path("d/m/upper") +
                                     ",workdir=" + world.tree.path("d/m/work");
          const std::string merged = world.tree.path("merged");
          if (mount("overlay", merged.c_str(), "overlay", 0, layers.c_str()) != 0) {
            WARN("left out: no overlay can be mounted");
            return;
          }
          {
            const auto change = world.begin({"merged/edited", "merged/removed"});
            report.claim(change->put(world.path("merged/edited"), "new").has_value(), "no edit");
            report.claim(change->remove(world.path("merged/removed")).has_value(), "no removal");
            const auto done = change->commit();
            report.claim(done.has_value(), done ? "" : done.error().message.c_str());
          }
          report.claim(world.tree.read("merged/edited") == "new", "not edited");
          report.claim(inode(world, "merged/removed") == 0, "not removed");
          report.claim(world.undo({.session = "one"}) == std::vector<std::string>{"undone"},
                       "not undone");
          for (const char* name : {"merged/edited", "merged/removed"}) {
            report.claim(world.tree.read(name) == "old", "not put back");
          }
          umount2(merged.c_str(), MNT_DETACH);
        }) == "");
}

}  // namespace
}  // namespace quarry::change
