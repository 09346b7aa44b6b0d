#include <filesystem>

#include <sched.h>
#include <sys/mount.h>

#include "tests/sandbox/canary.h"
#include "tests/sandbox/forked.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;
using test::Canary;
using test::read_text;

TEST_CASE("roots that hold the whole machine or its kernel are refused unless forced") {
  for (const char* root : {"/", "//", "/.", "/proc", "/proc/", "/proc/self", "/sys", "/sys/kernel",
                           "/dev", "/dev/pts", "/etc/.."}) {
    INFO(root);
    if (!fs::exists(root)) continue;
    const auto workspace = Workspace::open(root);
    REQUIRE_FALSE(workspace.has_value());
    CHECK(workspace.error().code == Code::kDenied);
    CHECK(Workspace::open(root, Workspace::Resolver::kAuto, true).has_value());
  }
}

TEST_CASE("what is no directory's absolute path is no root") {
  const Canary canary;
  canary.tree.write("file", "x");
  const auto code = [](const std::string& root) { return Workspace::open(root).error().code; };
  CHECK(code("") == Code::kInvalidArgs);
  CHECK(code("relative") == Code::kInvalidArgs);
  CHECK(code(canary.tree.path("file")) == Code::kInvalidArgs);
  CHECK(code(canary.tree.path("none")) == Code::kNotFound);
  CHECK(code(canary.tree.root() + std::string("\0x", 2)) == Code::kInvalidArgs);
}

TEST_CASE("a root given as a symbolic link is resolved once and shown as given") {
  const Canary canary;
  canary.tree.write("f", "x");
  const std::string link = canary.outside() + "/../link";
  fs::create_directory_symlink(canary.tree.root(), link);
  const auto opened = Workspace::open(link, GENERATE(from_range(test::resolvers())));
  REQUIRE(opened.has_value());
  const Workspace& workspace = **opened;
  CHECK(workspace.given_root() == link);
  CHECK(workspace.root() == canary.tree.root());
  CHECK(workspace.parse(link + "/f")->text() == "f");
  CHECK(workspace.parse(canary.tree.root() + "/f")->text() == "f");
  CHECK(workspace.parse("file://" + canary.tree.root() + "/f")->text() == "f");
  CHECK(workspace.parse(link + "/..").error().code == Code::kInvalidArgs);
  CHECK(workspace.parse(canary.outside() + "/s").error().code == Code::kDenied);
  fs::remove(link);
  fs::create_directory_symlink(canary.outside(), link);
  CHECK(*read_text(workspace, "f") == "x");
  CHECK(workspace.check_root().has_value());
}

TEST_CASE("beneath compares whole components") {
  const Canary canary;
  const auto workspace = canary.open(Workspace::Resolver::kAuto);
  const std::string root = canary.tree.root();
  CHECK(workspace->beneath(root));
  CHECK(workspace->beneath(root + "/a"));
  CHECK_FALSE(workspace->beneath(root + "_secret"));
  CHECK_FALSE(workspace->beneath("/"));
  CHECK_FALSE(workspace->beneath("a"));
  CHECK(workspace->parse(root + "_secret/x").error().code == Code::kDenied);
}

TEST_CASE("a root that was replaced or removed is a conflict, not the old directory") {
  const Canary canary;
  canary.tree.write("f", "old");
  const auto workspace = canary.open(GENERATE(from_range(test::resolvers())));
  const std::string root = canary.tree.root();
  CHECK(workspace->check_root().has_value());

  fs::rename(root, root + ".away");
  const auto gone = workspace->check_root();
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().code == Code::kConflict);
  CHECK_THAT(gone.error().message, Catch::StartsWith("root changed"));

  fs::create_directory_symlink(canary.outside(), root);
  CHECK(workspace->check_root().error().code == Code::kConflict);
  CHECK(read_text(*workspace, "s").error().code == Code::kConflict);
  fs::remove(root);

  fs::create_directory_symlink(root + ".away", root);
  CHECK(workspace->check_root().error().code == Code::kConflict);
  fs::remove(root);

  fs::create_directory(root);
  CHECK(workspace->check_root().error().code == Code::kConflict);
  CHECK(read_text(*workspace, "none").error().code == Code::kConflict);
  fs::remove(root);

  fs::rename(root + ".away", root);
  CHECK(workspace->check_root().has_value());
  CHECK(*read_text(*workspace, "f") == "old");
}

TEST_CASE("a bind mount inside the root is part of it") {
  const Canary canary;
  canary.tree.make_directory("mounted");
  const auto resolver = GENERATE(from_range(test::resolvers()));
  bool permitted = true;
  const std::string report = test::forked([&](test::Report& claims) {
    const bool mounted = (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
                         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         mount(canary.outside().c_str(), canary.tree.path("mounted").c_str(),
                               nullptr, MS_BIND, nullptr) == 0;
    claims.claim(mounted, "no mount");
    if (!mounted) return;
    const auto workspace = canary.open(resolver);
    const auto content = read_text(*workspace, "mounted/s");
    claims.claim(content && *content == canary.token(), "not read through the mount");
    claims.claim(!read_text(*workspace, "mounted/../outside/s"), "climbed");
  });
  if (report == "no mount\n") permitted = false;
  if (!permitted) {
    WARN("left out: mounting needs root or user namespaces");
  } else {
    CHECK(report == "");
  }
}

TEST_CASE("the magic links of procfs are not followed even where it is the root") {
  const auto opened = Workspace::open("/proc", GENERATE(from_range(test::resolvers())), true);
  REQUIRE(opened.has_value());
  CHECK(read_text(**opened, "sys/kernel/ostype").has_value());
  CHECK(read_text(**opened, "self/status").has_value());  // an ordinary relative link
  for (const char* path : {"self/root/etc/passwd", "self/cwd", "self/exe", "self/fd/0"}) {
    INFO(path);
    CHECK_FALSE(read_text(**opened, path).has_value());
    CHECK_FALSE((*opened)->target_metadata(*(*opened)->parse(path)).has_value());
  }
}

TEST_CASE("the resolver asked for is the one that is used") {
  const Canary canary;
  CHECK(canary.open(Workspace::Resolver::kComponentWalk)->resolver() ==
        Workspace::Resolver::kComponentWalk);
  const auto expected =
      probe().openat2 ? Workspace::Resolver::kOpenat2 : Workspace::Resolver::kComponentWalk;
  CHECK(canary.open(Workspace::Resolver::kAuto)->resolver() == expected);
}

}  // namespace
}  // namespace quarry::sandbox
