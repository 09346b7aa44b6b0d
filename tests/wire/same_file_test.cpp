// One file by two ways: moving it onto itself loses nothing (FS-36).

#include <filesystem>

#include "tests/wire/mounts.h"
#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

TEST_CASE("FS-36 a file that is seen by two ways is not moved onto itself, nor lost") {
  on_each_kernel(
      [](Report& report, const Kernel&) {
        Besieged siege(report, "FS-36",
                       {{"d/file", "kept\n"}, {"d/one", "linked\n"}, {"m/.keep", ""}});
        fs::create_hard_link(siege.tree.path("d/one"), siege.tree.path("d/two"));
        mount_or_throw(siege.tree.path("d"), siege.tree.path("m"));
        const auto move = [](const char* from, const char* to) {
          return Json{{"source", from}, {"destination", to}, {"overwrite", true}};
        };
        // One name, whether the file has others or not.
        siege.must_fail("move_path", move("d/file", "m/file"), "the same file");
        siege.must_fail("move_path", move("m/one", "d/one"), "the same file");
        siege.claim(siege.tree.read("d/file") == "kept\n", "lost");
        siege.claim(siege.tree.read("d/one") == "linked\n", "a linked one lost");
        siege.claim(fs::hard_link_count(siege.tree.path("d/one")) == 2, "another one");
        // Two names: the first goes.
        siege.must_work("move_path", move("d/one", "d/two"));
        siege.claim(!fs::exists(siege.tree.path("d/one")), "stayed");
        siege.claim(siege.tree.read("d/two") == "linked\n", "both went");
        siege.must_work("undo", Json::object());
        siege.claim(
            siege.tree.read("d/one") == "linked\n" && siege.tree.read("d/two") == "linked\n",
            "not undone");
        fs::create_hard_link(siege.tree.path("d/one"), siege.tree.path("d/three"));
        siege.must_work("move_path", move("d/one", "m/three"));
        siege.claim(
            !fs::exists(siege.tree.path("d/one")) && siege.tree.read("d/three") == "linked\n",
            "not the first of two went");
        siege.claim_no_leftovers();
        umount2(siege.tree.path("m").c_str(), MNT_DETACH);
      },
      enter_mounts);
}

}  // namespace
}  // namespace quarry::wire
