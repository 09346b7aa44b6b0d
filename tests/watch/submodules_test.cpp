// The git directories of submodules, which say what is ignored there, are watched as part of the
// tree.

#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/watch/tree_fixture.h"

namespace quarry::watch {
namespace {

namespace fs = std::filesystem;

struct SubmoduleChange {
  const char* name;
  void (*before)(const test::TempWorkspace&);
  void (*change)(const test::TempWorkspace&);
};

const SubmoduleChange kSubmoduleChanges[] = {
    {"edit a submodule's exclude",
     [](const auto& w) { w.write(".git/modules/src/hooks/info/exclude", "a\n"); },
     [](const auto& w) { w.write(".git/modules/src/hooks/info/exclude", "b\n"); }},
    {"edit the exclude of a submodule named as what git keeps",
     [](const auto& w) { w.write(".git/modules/src/objects/info/exclude", "a\n"); },
     [](const auto& w) { w.write(".git/modules/src/objects/info/exclude", "b\n"); }},
    {"edit the exclude of a submodule named info",
     [](const auto& w) { w.write(".git/modules/src/info/info/exclude", "a\n"); },
     [](const auto& w) { w.write(".git/modules/src/info/info/exclude", "b\n"); }},
    {"edit the configuration of a submodule's submodule",
     [](const auto& w) { w.write(".git/modules/hooks/modules/two/config", "[core]\n"); },
     [](const auto& w) { w.write(".git/modules/hooks/modules/two/config", "[core]\n\n"); }},
    {"make .git/modules", [](const auto& w) { w.make_directory(".git"); },
     [](const auto& w) { w.make_directory(".git/modules"); }},
    {"move a submodule's git directory",
     [](const auto& w) { w.make_directory(".git/modules/lib"); },
     [](const auto& w) { fs::rename(w.path(".git/modules/lib"), w.path(".git/modules/lob")); }},
};

TEST_CASE("every change of what a submodule ignores moves the epoch of the tree") {
  for (const SubmoduleChange& row : kSubmoduleChanges) {
    TreeFixture fixture;
    row.before(fixture.workspace);
    fixture.begin();
    const Epochs before = fixture.epochs();
    INFO(row.name);
    REQUIRE(fixture.epochs() == before);
    row.change(fixture.workspace);
    CHECK(fixture.epochs().tree != before.tree);
    const Epochs after = fixture.epochs();
    CHECK(fixture.epochs() == after);
  }
}

}  // namespace
}  // namespace quarry::watch
