// A change that moves a file and then edits it, or fails, beside another program that replaces what
// was moved.

#include <filesystem>
#include <functional>

#include "tests/support/faulty_process.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;

namespace {

constexpr const char* kTheirs = "what another program wrote\n";
constexpr const char* kMoveAndEdit =
    R"({"patch":"*** Begin Patch\n*** Update File: a\n*** Move to: z\n@@\n-alpha\n+gamma\n*** End Patch\n"})";
constexpr const char* kMoveAndPatch =
    R"({"patch":"diff --git a/a b/z\nrename from a\nrename to z\ndiff --git a/d/b b/d/b\n--- a/d/b\n+++ b/d/b\n@@ -1 +1 @@\n-bee\n+wasp\n"})";

// Another program acts before the k-th call to the file system.
test::Ran patch_beside(const test::TempWorkspace& tree, const test::TempWorkspace& state,
                       const char* arguments, std::size_t k,
                       const std::function<void()>& meanwhile) {
  return test::run_with({.kind = test::Fault::Kind::kMeanwhile, .at = k, .meanwhile = meanwhile},
                        [&](test::Window& window) {
                          test::ToolCaller call(tree.root(), state.root(), /*sync=*/true);
                          window.open();
                          std::string answer = call(apply_patch, arguments);
                          window.close();
                          return answer;
                        });
}

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
    const test::Ran ran = patch_beside(tree, state, kMoveAndPatch, k, meanwhile);
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

TEST_CASE("what another program puts where a file is moved to be edited is not replaced") {
  if (!test::can_trace()) return;
  std::size_t calls = 1;
  std::size_t refused = 0;
  for (std::size_t k = 1; k <= calls; ++k) {
    const test::TempWorkspace tree;
    const test::TempWorkspace state;
    tree.write("a", "alpha\n");
    bool acted = false;
    const auto meanwhile = [&] {
      acted = true;
      const char* name = std::filesystem::exists(tree.path("z")) ? "z" : "a";
      tree.write("~", kTheirs);
      std::filesystem::rename(tree.path("~"), tree.path(name));
    };
    const test::Ran ran = patch_beside(tree, state, kMoveAndEdit, k, meanwhile);
    calls = std::max(calls, ran.calls.size());
    refused += ran.text.starts_with("error: ") ? 1 : 0;
    INFO("call " << k << " of " << calls << ": " << ran.text);
    if (acted) CHECK((tree.read("a") == kTheirs || tree.read("z") == kTheirs));
  }
  CHECK(refused > 0);
}

}  // namespace
}  // namespace quarry::tools
