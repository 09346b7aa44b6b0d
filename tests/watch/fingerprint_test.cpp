#include "server/watch/fingerprint.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/support/temp_workspace.h"

namespace quarry::watch {
namespace {

namespace fs = std::filesystem;

class LateClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return clock_.steady_ns(); }
  std::int64_t wall_ms() const override { return clock_.wall_ms() + 60'000; }

 private:
  SystemClock clock_;
};

Fingerprint take(const test::TempWorkspace& workspace, const Clock& clock = LateClock()) {
  const auto files = sandbox::Workspace::open(workspace.root()).value();
  const CancelToken cancel(clock);
  const Parallel in_turn = [](std::size_t count, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = count; i > 0; --i) body(i - 1);  // any order gives the same
  };
  const auto print = take_fingerprint(*files, in_turn, clock, cancel);
  REQUIRE(print.has_value());
  return *print;
}

struct Change {
  const char* name;
  std::function<void(const test::TempWorkspace&)> change;
  bool tree, git;  // what must differ
};

TEST_CASE("a fingerprint tells every change and nothing else") {
  const Change rows[] = {
      {"nothing", [](const auto&) {}, false, false},
      {"create", [](const auto& w) { w.write("a/new", "x"); }, true, false},
      {"overwrite with the same size", [](const auto& w) { w.write("a/b.txt", "two"); }, true,
       false},
      {"chmod", [](const auto& w) { chmod(w.path("a/b.txt").c_str(), 0600); }, true, false},
      {"rename", [](const auto& w) { fs::rename(w.path("a/b.txt"), w.path("a/c.txt")); }, true,
       false},
      {"rename a directory", [](const auto& w) { fs::rename(w.path("a"), w.path("z")); }, true,
       false},
      {"delete", [](const auto& w) { fs::remove_all(w.path("a")); }, true, false},
      {"an ignored file", [](const auto& w) { w.write("build/out", "two"); }, true, false},
      {"HEAD", [](const auto& w) { w.write(".git/HEAD", "ref: b\n"); }, false, true},
      {"a lock in .git that came and went",
       [](const auto& w) {
         w.write(".git/index.lock", "");
         fs::remove(w.path(".git/index.lock"));
       },
       false, false},
      {"a ref", [](const auto& w) { w.write(".git/refs/heads/x", "0\n"); }, false, true},
      {"objects", [](const auto& w) { w.write(".git/objects/00/11", "x"); }, false, false},
      {"a submodule's objects and index",
       [](const auto& w) {
         w.write(".git/modules/lib/objects/11", "x");
         w.write(".git/modules/lib/index", "x");
       },
       false, false},
      {"a submodule's exclude",
       [](const auto& w) { w.write(".git/modules/lib/info/exclude", "y\n"); }, true, true},
      {"the exclude of one that is named as what git keeps",
       [](const auto& w) { w.write(".git/modules/src/lfs/info/exclude", "y\n"); }, true, true},
      {"info/exclude", [](const auto& w) { w.write(".git/info/exclude", "y\n"); }, true, true},
  };
  for (const Change& row : rows) {
    const test::TempWorkspace workspace({{"a/b.txt", "one"},
                                         {".gitignore", "build/\n"},
                                         {"build/out", "one"},
                                         {".git/HEAD", "ref: a\n"},
                                         {".git/refs/heads/a", "0\n"},
                                         {".git/objects/00/00", "x"},
                                         {".git/modules/lib/HEAD", "ref: a\n"},
                                         {".git/modules/lib/info/exclude", "x\n"},
                                         {".git/modules/src/lfs/HEAD", "ref: a\n"},
                                         {".git/modules/src/lfs/info/exclude", "x\n"},
                                         {".git/info/exclude", "x\n"}});
    const Fingerprint before = take(workspace);
    row.change(workspace);
    const Fingerprint after = take(workspace);
    INFO(row.name);
    CHECK((after.version.tree != before.version.tree) == row.tree);
    CHECK((after.version.git != before.version.git) == row.git);
  }
}

TEST_CASE("a fingerprint is settled only when the last change lies back") {
  const test::TempWorkspace workspace(std::map<std::string, std::string>{{"a", "x"}});
  CHECK_FALSE(take(workspace, SystemClock()).settled);
  CHECK(take(workspace, LateClock()).settled);
}

TEST_CASE("a fingerprint knows that git's state lies elsewhere") {
  const test::TempWorkspace workspace(
      std::map<std::string, std::string>{{".git", "gitdir: elsewhere\n"}});
  CHECK_FALSE(take(workspace).git_known);
}

TEST_CASE("a cancelled fingerprint is none") {
  const test::TempWorkspace workspace(std::map<std::string, std::string>{{"a", "x"}});
  const auto files = sandbox::Workspace::open(workspace.root()).value();
  const SystemClock clock;
  CancelToken cancel(clock);
  cancel.cancel();
  const Parallel in_turn = [](std::size_t count, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = 0; i < count; ++i) body(i);
  };
  CHECK_FALSE(take_fingerprint(*files, in_turn, clock, cancel).has_value());
}

}  // namespace
}  // namespace quarry::watch
