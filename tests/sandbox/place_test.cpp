#include "server/sandbox/place.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/sandbox/canary.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;
using Last = Workspace::Last;
using test::Canary;

std::string real(const Workspace& workspace, const std::string& path, Last last) {
  const auto found = workspace.real(workspace.parse(path).value(), last);
  return found ? std::string(found->display()) : "error: " + found.error().message;
}

Place place(const Workspace& workspace, const std::string& path) {
  return workspace.place(workspace.parse(path).value()).value();
}

Result<void> put(const Place& at, const std::string& bytes, bool replace) {
  TRY_ASSIGN(Draft draft, at.draft("test", 0666));
  TRY(draft.write(bytes));
  if (replace) TRY(draft.resemble(at));
  TRY(draft.sync());
  if (!replace) return draft.put();
  TRY_ASSIGN(const auto old, at.look());
  TRY(draft.put_over({.stamp = old->stamp}));
  return {};
}

std::vector<std::string> names(const Canary& canary, const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(canary.tree.path(directory))) {
    found.push_back(entry.path().filename());
  }
  std::sort(found.begin(), found.end());
  return found;
}

template <class Body>
void with_each_resolver(const Body& body) {
  for (const auto resolver : {Workspace::Resolver::kAuto, Workspace::Resolver::kComponentWalk}) {
    Canary canary;
    const auto workspace = Workspace::open(canary.tree.root(), resolver).value();
    INFO(test::name_of(workspace->resolver()));
    body(canary, *workspace);
  }
}

TEST_CASE("real paths lead through links beneath the root and never out of it") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.write("sub/deep/leaf", "leaf");
    canary.tree.link("sub", "dir");
    canary.tree.link("deep/leaf", "sub/short");
    canary.tree.link("../outside", "away");
    canary.tree.link("../outside/new", "dangling_out");
    canary.tree.link("nowhere", "dangling");
    canary.tree.link("circle", "circle");
    CHECK(real(workspace, "dir/deep/leaf", Last::kFollow) == "sub/deep/leaf");
    CHECK(real(workspace, "dir/short", Last::kFollow) == "sub/deep/leaf");
    CHECK(real(workspace, "dir/short", Last::kItself) == "sub/short");
    CHECK(real(workspace, "dir", Last::kItself) == "dir");
    CHECK(real(workspace, "dir/new/er", Last::kFollow) == "sub/new/er");
    CHECK(real(workspace, "none/at/all", Last::kItself) == "none/at/all");
    CHECK(real(workspace, ".", Last::kFollow) == ".");
    for (const char* path : {"away/s", "away/new", "away", "dangling_out", "circle", "circle/x"}) {
      INFO(path);
      CHECK_THAT(real(workspace, path, Last::kFollow), Catch::StartsWith("error: "));
    }
    CHECK(real(workspace, "away", Last::kItself) == "away");
    CHECK_THAT(real(workspace, "dangling", Last::kFollow), Catch::Contains("leads nowhere"));
    CHECK_THAT(real(workspace, "dangling/x", Last::kFollow), Catch::Contains("leads nowhere"));
  });
}

TEST_CASE("a place is not opened through a symlink, nor the root itself") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.write("sub/file", "x");
    canary.tree.link("sub", "dir");
    canary.tree.link("../outside", "away");
    CHECK(workspace.place(workspace.parse("sub/file").value()));
    CHECK_FALSE(workspace.place(workspace.parse("dir/file").value()));
    CHECK_FALSE(workspace.place(workspace.parse("away/s").value()));
    CHECK_FALSE(workspace.place(workspace.parse("sub/file/x").value()));
    CHECK_FALSE(workspace.place(Path()));
  });
}

TEST_CASE("a draft replaces the file as a whole and keeps what it looked like") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.write("file", "old");
    const std::string path = canary.tree.path("file");
    REQUIRE(chmod(path.c_str(), 0640) == 0);
    const bool attributes = setxattr(path.c_str(), "user.note", "kept", 4, 0) == 0;
    fs::create_hard_link(path, canary.tree.path("twin"));
    const Place at = place(workspace, "file");
    REQUIRE(put(at, "new", true));
    CHECK(canary.tree.read("file") == "new");
    CHECK(canary.tree.read("twin") == "old");
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    char value[8] = {};
    if (attributes) CHECK(getxattr(path.c_str(), "user.note", value, sizeof value) == 4);
    CHECK(at.look().value()->stamp.size == 3);
  });
}

TEST_CASE("a draft keeps the owner and the access list of what it replaces") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.write("file", "old");
    const std::string path = canary.tree.path("file");
    constexpr uid_t kOwner = 12345;
    constexpr gid_t kGroup = 23456;
    if (chown(path.c_str(), kOwner, kGroup) != 0) {
      WARN("left out: only root gives files away");
      return;
    }
    // Version 2: user::rw-, user:34567:r--, group::r--, mask::rw-, other::---
    const unsigned char list[] = {2,  0, 0, 0,                          //
                                  1,  0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF,  //
                                  2,  0, 4, 0, 0x07, 0x87, 0,    0,     //
                                  4,  0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF,  //
                                  16, 0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF,  //
                                  32, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF};
    constexpr const char* kAccess = "system.posix_acl_access";
    const bool listed = setxattr(path.c_str(), kAccess, list, sizeof list, 0) == 0;
    if (!listed) WARN("left out: no access lists here");
    REQUIRE(chmod(path.c_str(), 04660) == 0);
    REQUIRE(put(place(workspace, "file"), "new", true));
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK(status.st_uid == kOwner);
    CHECK(status.st_gid == kGroup);
    CHECK((status.st_mode & 07777) == 04660);
    unsigned char now[sizeof list + 8] = {};
    if (listed) {
      CHECK(getxattr(path.c_str(), kAccess, now, sizeof now) == sizeof list);
      CHECK(std::equal(std::begin(list), std::end(list), now));
    }
  });
}

TEST_CASE("attributes that are no attributes are set as far as they can be understood") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.write("file", "old");
    const Place at = place(workspace, "file");
    const std::string good = at.attributes();
    REQUIRE_FALSE(good.empty());
    for (const std::string& bad : {std::string(), std::string(40, '\xFF'), good.substr(0, 1),
                                   good + "\x05"
                                          "user",
                                   good + std::string("\0\0", 2)}) {
      auto draft = at.draft("bad", 0600);
      REQUIRE(draft);
      draft->set_attributes(bad);
      REQUIRE(draft->write("new"));
      REQUIRE(draft->put_over({.stamp = at.look().value()->stamp}));
      CHECK(canary.tree.read("file") == "new");
    }
  });
}

TEST_CASE("a draft that is not put leaves nothing behind, and one that may not replace fails") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.write("sub/file", "old");
    const Place at = place(workspace, "sub/file");
    {
      Draft draft = at.draft("one", 0600).value();
      CHECK(draft.write("unfinished"));
      CHECK(names(canary, "sub").size() == 2);
      CHECK_FALSE(at.draft("one", 0600));
    }
    const auto refused = put(at, "new", false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kConflict);
    CHECK(names(canary, "sub") == std::vector<std::string>{"file"});
    CHECK(canary.tree.read("sub/file") == "old");
  });
}

TEST_CASE("a symlink in the place of a file is never written through") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    canary.tree.link("../outside/s", "out");
    const Place at = place(workspace, "out");
    CHECK_FALSE(at.open_file());
    CHECK_FALSE(at.set_mode(0777));
    CHECK_FALSE(put(at, "new", false));
    CHECK(at.link_target().value() == "../outside/s");
    REQUIRE(at.remove_file());
    CHECK_FALSE(at.look().value());
    CHECK(canary.outside_unchanged());
  });
}

TEST_CASE("places are made, moved and removed, each mistake with its reason") {
  with_each_resolver([](const Canary& canary, const Workspace& workspace) {
    const Place directory = place(workspace, "made");
    REQUIRE(directory.make_directory(0777));
    CHECK(directory.make_directory(0777).error().code == Code::kConflict);
    const Place file = place(workspace, "made/file");
    REQUIRE(put(file, "text", false));
    CHECK_THAT(directory.remove_directory().error().message, Catch::Contains("not empty"));
    CHECK_FALSE(file.remove_directory());
    CHECK_FALSE(directory.remove_file());
    const Place other = place(workspace, "other");
    REQUIRE(other.make_link("made/file"));
    CHECK(file.move_to(other).error().code == Code::kConflict);
    REQUIRE(other.remove_file());
    CHECK(file.move_to(other).value());
    CHECK(canary.tree.read("other") == "text");
    REQUIRE(put(file, "new", false));
    const Stamp there = other.look().value()->stamp;
    canary.tree.write("other", "changed");
    CHECK_THAT(file.move_to(other, there).error().message, Catch::Contains("'other' was changed"));
    CHECK(canary.tree.read("other") == "changed");
    CHECK(file.move_to(other, other.look().value()->stamp).value());
    CHECK(canary.tree.read("other") == "new");
    CHECK(directory.move_to(place(workspace, "made/inside")).error().code == Code::kInvalidArgs);
    REQUIRE(workspace.sync_directory(directory.path()));
    REQUIRE(workspace.sync_directory(directory.path().child("none")));
    REQUIRE(directory.remove_directory());
    CHECK(file.remove_file().error().code == Code::kNotFound);
  });
}

}  // namespace
}  // namespace quarry::sandbox
