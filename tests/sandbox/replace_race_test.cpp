// What other programs do between two calls of one that replaces a file.

#include <filesystem>
#include <optional>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "server/sandbox/place.h"
#include "tests/support/faulty_process.h"
#include "tests/support/temp_workspace.h"

namespace quarry::sandbox {
namespace {

namespace fs = std::filesystem;

std::string replace(const std::string& root) {
  const auto workspace = Workspace::open(root).value();
  const Place at = workspace->place(workspace->parse("file").value()).value();
  const Stamp stamp = at.look().value()->stamp;
  Draft draft = at.draft("tag", 0644).value();
  if (!draft.write("new")) return "not written";
  const auto put = draft.put_over({.stamp = stamp});
  return put ? *put ? "done" : "stuck" : put.error().message;
}

TEST_CASE("what is written into the draft while it has the name is not lost when it goes back") {
  if (!quarry::test::can_trace()) return;
  int acted = 0;
  for (const bool stays_open : {false, true}) {
    bool more = true;
    for (std::size_t k = 1; more; ++k) {
      const quarry::test::TempWorkspace tree;
      tree.write("file", "old");
      bool now = false;
      std::optional<Fd> writer;
      const auto meanwhile = [&] {
        if (tree.read("file") != "new" || !fs::exists(tree.path(".quarry-tag"))) return;
        now = true;
        chmod(tree.path(".quarry-tag").c_str(), 0600);  // so that it is not what it was
        writer.emplace(open(tree.path("file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        if (!stays_open) {
          CHECK(write(writer->get(), " theirs", 7) == 7);
          writer.reset();
        }
      };
      const auto ran = quarry::test::run_with(
          {.kind = quarry::test::Fault::Kind::kMeanwhile, .at = k, .meanwhile = meanwhile},
          [&](quarry::test::Window& window) {
            window.open();
            std::string said = replace(tree.root());
            window.close();
            return said;
          });
      more = ran.calls.size() > k;
      if (!now) continue;
      INFO(k << " of " << ran.calls.size() << ": " << ran.text);
      if (stays_open) CHECK(write(writer->get(), " theirs", 7) == 7);
      CHECK(tree.read("file") == "new theirs");
      if (ran.text == "done") continue;  // it was looked at already
      ++acted;
      CHECK(ran.text == "stuck");
      CHECK(tree.read(".quarry-tag") == "old");
    }
  }
  CHECK(acted >= 4);
}

}  // namespace
}  // namespace quarry::sandbox
