// A change that moves a file and then fails, beside another program that replaces what was moved.

#include <filesystem>

#include "tests/support/faulty_process.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;

namespace {

constexpr const char* kTheirs = "what another program wrote\n";
constexpr const char* kMoveAndPatch =
    R"({"patch":"diff --git a/a b/z\nrename from a\nrename to z\ndiff --git a/d/b b/d/b\n--- a/d/b\n+++ b/d/b\n@@ -1 +1 @@\n-bee\n+wasp\n"})";

TEST_CASE("what another program puts where a file was moved to stays when the change fails") {
  if (!test::can_trace()) return;
  std::size_t calls = 1;
  std::size_t replaced = 0;
  for (std::size_t k = 1; k <= calls; ++k) {
    const test::TempWorkspace tree;
    const test::TempWorkspace state;
    tree.write("a", "alpha\n");
    tree.write("d/b", "bee\n");
    bool moved = false;
    const auto meanwhile = [&] {
      moved = std::filesystem::exists(tree.path("z"));
      if (!moved) return;
      tree.write("z~", kTheirs);
      std::filesystem::rename(tree.path("z~"), tree.path("z"));
      tree.write("d/b", "another\n");
    };
    const test::Ran ran =
        test::run_with({.kind = test::Fault::Kind::kMeanwhile, .at = k, .meanwhile = meanwhile},
                       [&](test::Window& window) {
                         test::ToolCaller call(tree.root(), state.root(), /*sync=*/true);
                         window.open();
                         std::string answer = call(apply_patch, kMoveAndPatch);
                         window.close();
                         return answer;
                       });
    calls = std::max(calls, ran.calls.size());
    if (!moved || !ran.text.starts_with("error: ")) continue;
    ++replaced;
    INFO("call " << k << " of " << calls << ": " << ran.text);
    CHECK(tree.read("z") == kTheirs);
    CHECK_FALSE(std::filesystem::exists(tree.path("a")));
    CHECK_THAT(ran.text, Catch::Contains("changed nevertheless"));
  }
  CHECK(replaced > 0);
}

}  // namespace
}  // namespace quarry::tools
