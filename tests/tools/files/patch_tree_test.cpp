// What a patch does to symbolic links, and what it says of files that are not shown.

#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;
extern const Tool undo;

namespace {

using Catch::Contains;
using quarry::test::ChangeCall;

std::string given(std::string_view patch) {
  std::string text = R"({"patch":)";
  quarry::json::append_string(text, patch);
  return text + "}";
}

TEST_CASE("patch_tree: a link is deleted itself, and made a file by what deletes and adds it") {
  constexpr std::string_view kV4a = "*** Begin Patch\n*** Delete File: link\n";
  const std::string git =
      "diff --git a/link b/link\ndeleted file mode 120000\n--- a/link\n+++ /dev/null\n"
      "@@ -1 +0,0 @@\n-a.c\n\\ No newline at end of file\n";
  const std::pair<std::string, bool> rows[] = {
      {std::string(kV4a) + "*** End Patch\n", false},
      {git, false},
      {std::string(kV4a) + "*** Add File: link\n+text\n*** End Patch\n", true},
  };
  for (const auto& [patch, stays] : rows) {
    INFO(patch);
    ChangeCall call(std::map<std::string, std::string>{{"a.c", "one\n"}});
    call.files.link("a.c", "link");
    const auto before = quarry::test::tree_at(call.files.root());
    CHECK_THAT(call(apply_patch, given(patch)), Contains("link: deleted\n"));
    CHECK(call.files.read("a.c") == "one\n");
    CHECK(call.names() ==
          (stays ? std::vector<std::string>{"a.c", "link"} : std::vector<std::string>{"a.c"}));
    if (stays) CHECK(call.files.read("link") == "text\n");
    CHECK_THAT(call(undo, "{}"), Contains("undone"));
    CHECK(quarry::test::tree_at(call.files.root()) == before);
  }
}

TEST_CASE("patch_tree: what is protected by the name that the patch gives stays, and is copied") {
  ChangeCall call(std::map<std::string, std::string>{{"conf/tasks.json", "{}\n"}});
  call.files.link("conf", ".vscode");
  const auto rename = [](std::string_view from, std::string_view to, std::string_view how) {
    return given(fmt::format("diff --git a/{0} b/{1}\n{2} from {0}\n{2} to {1}\n", from, to, how));
  };
  CHECK_THAT(call(apply_patch, rename(".vscode/tasks.json", "x", "rename")),
             Catch::StartsWith("error: '.vscode/tasks.json' is protected"));
  CHECK_THAT(call(apply_patch, rename("conf/tasks.json", ".vscode/x", "rename")),
             Catch::StartsWith("error: '.vscode/x' is protected"));
  CHECK_THAT(call(apply_patch, given("--- a/.vscode/tasks.json\n+++ /dev/null\n"
                                     "@@ -1 +0,0 @@\n-{}\n")),
             Catch::StartsWith("error: '.vscode/tasks.json' is protected"));
  CHECK(call.files.read("conf/tasks.json") == "{}\n");
  CHECK_THAT(call(apply_patch, rename(".vscode/tasks.json", "x", "copy")), Contains("x: copied"));
}

TEST_CASE("patch_tree: names the file that it does not show") {
  const std::string key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + std::string(70, 'k') + "\n";
  ChangeCall call({{"a.c", "one\n"}, {"b.c", "two\n"}, {"deploy", key}});
  CHECK_THAT(call(apply_patch, given("--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-one\n+1\n"
                                     "--- a/deploy\n+++ b/deploy\n@@ -1 +1 @@\n-k\n+l\n")),
             Catch::StartsWith("error: 'deploy' is a private key") && !Contains("kkk"));
  CHECK(call.files.read("a.c") == "one\n");
}

}  // namespace
}  // namespace quarry::tools
