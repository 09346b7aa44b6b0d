// The git directories of submodules, which say what is ignored there, are watched as part of the
// tree.

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "tests/watch/tree_fixture.h"

namespace quarry::watch {
namespace {

namespace fs = std::filesystem;

// Writes a file below .git/modules over.
TreeChange edit(const char* name, const char* path) {
  const std::string file = std::string(".git/modules/") + path;
  return {name, [file](const auto& w) { w.write(file, "a\n"); },
          [file](const auto& w) { w.write(file, "b\n"); }};
}

const TreeChange kSubmoduleChanges[] = {
    edit("edit a submodule's exclude", "src/hooks/info/exclude"),
    edit("edit the exclude of a submodule named as what git keeps", "src/objects/info/exclude"),
    edit("edit the exclude of a submodule named info", "src/info/info/exclude"),
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
  check_that_each_moves_the_tree(kSubmoduleChanges);
}

}  // namespace
}  // namespace quarry::watch
