// What dry runs say of directories that may not be written: the same as the call itself.

#include <string>

#include <sys/stat.h>

#include "tests/sandbox/forked.h"
#include "tests/support/ordinary_user.h"
#include "tests/tools/files/change_call.h"

namespace quarry::tools {

extern const Tool apply_patch;
extern const Tool edit_file;
extern const Tool replace_in_files;
extern const Tool undo;

namespace {

using test::TempWorkspace;
using test::ToolCaller;

TEST_CASE("a dry run fails where a directory may not be written, in the words of the call") {
  struct Row {
    const Tool& tool;
    std::string arguments;  // with %s for dry_run
  };
  const Row rows[] = {
      {edit_file, R"({"path":"shut/a","old_string":"two","new_string":"2","dry_run":%s})"},
      {apply_patch,
       R"({"patch":"--- a/shut/a\n+++ b/shut/a\n@@ -2 +2 @@\n-two\n+2\n","dry_run":%s})"},
      {apply_patch,
       R"({"patch":"*** Begin Patch\n*** Add File: shut/x/new\n+n\n*** End Patch\n","dry_run":%s})"},
      {replace_in_files,
       R"({"path":"shut","pattern":"two","replacement":"2","regex":false,"dry_run":%s})"},
      {undo, R"({"dry_run":%s})"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    const TempWorkspace tree;
    const TempWorkspace state;
    CHECK(sandbox::test::forked([&](sandbox::test::Report& report) {
            tree.write("shut/a", "one\n2\n");
            test::become_ordinary({&tree, &state});
            ToolCaller call(tree.root(), state.root());
            const auto ask = [&](const std::string& dry_run) {
              std::string arguments = row.arguments;
              arguments.replace(arguments.find("%s"), 2, dry_run);
              return call(row.tool, arguments);
            };
            const std::string made =
                call(edit_file, R"({"path":"shut/a","old_string":"2","new_string":"two"})");
            report.claim(made.starts_with("edited"), made);
            const std::string open = ask("true");
            report.claim(!open.starts_with("error"), "dry, open: " + open);
            chmod(tree.path("shut").c_str(), 0555);
            const std::string dry = ask("true");
            const std::string real = ask("false");
            report.claim(real.starts_with("error: no permission to change 'shut/"), real);
            report.claim(dry == real, "dry: " + dry + "real: " + real);
            chmod(tree.path("shut").c_str(), 0755);
          }) == "");
  }
}

}  // namespace
}  // namespace quarry::tools
