// The rows of the attack table that are more than a path: what is asked for, what changes between
// two calls, and where the root itself goes. Each with openat2 and with the component walk, with
// and without Landlock.

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/wire/siege.h"

namespace quarry::wire {
namespace {

namespace fs = std::filesystem;

TEST_CASE("FS-23 nothing moves out of the root or into it, nor onto a directory or itself") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-23", {{"a", "a\n"}, {"d/e", "e\n"}, {"f/g", "g\n"}});
    siege.tree.link("../outside", "away");
    const auto before = snapshot_of(siege.tree.root());
    for (const bool copy : {false, true}) {
      for (const bool overwrite : {false, true}) {
        const auto must_fail = [&](const std::string& from, const std::string& to) {
          siege.must_fail(
              "move_path",
              {{"source", from}, {"destination", to}, {"copy", copy}, {"overwrite", overwrite}});
        };
        for (const char* inside : {"a", "d"}) {
          must_fail(inside, "../outside/new");
          must_fail(inside, "away/new");
          must_fail(inside, "away/deep/new");
        }
        must_fail("../outside/s", "new");
        must_fail("away/s", "new");
        must_fail("away/deep", "new");
        must_fail("a", "d");
        must_fail("d", "f");
        must_fail("d", "a");
        must_fail("a", "a");
        must_fail("d", "d");
        must_fail("d", "d/e/x");
        must_fail("d", "d/x");
        must_fail(".", "d/x");
        must_fail("a", ".");
      }
    }
    siege.claim(snapshot_of(siege.tree.root()) == before, "the tree changed");
    siege.claim_outside_unchanged();
    // The link itself may go where a name is; what it leads to stays.
    siege.must_work("move_path", {{"source", "away"}, {"destination", "d/away"}});
    siege.claim(fs::read_symlink(siege.tree.path("d/away")) == "../outside", "not the link itself");
    siege.claim_outside_unchanged();
  });
}

TEST_CASE("FS-27 a root that was replaced is an error, and works again when it is back") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-27", {{"a", "a\n"}});
    const std::string root = siege.tree.root();
    siege.must_work("read_file", {{"path", "a"}}, "a");
    const auto check = [&] {
      siege.must_fail("read_file", {{"path", "a"}});
      siege.must_fail("read_file", {{"path", "s"}});
      siege.must_fail("write_file", {{"path", "new"}, {"content", "x"}});
      siege.must_fail("edit_file", {{"path", "a"}, {"old_string", "a"}, {"new_string", "b"}});
      siege.must_fail("delete_path", {{"path", "s"}});
      siege.must_fail("undo", Json::object());
      siege.claim_outside_unchanged();
    };
    fs::rename(root, root + ".away");
    check();
    fs::create_directory_symlink("outside", root);
    check();
    fs::remove(root);
    fs::create_directory(root);
    check();
    siege.claim(fs::is_empty(root), "something was made in the new root");
    fs::remove(root);
    fs::rename(root + ".away", root);
    siege.claim(siege.tree.read("a") == "a\n", "the old root changed");
    siege.must_work("edit_file", {{"path", "a"}, {"old_string", "a"}, {"new_string", "b"}});
  });
}

TEST_CASE("FS-28 a root that is given as a symlink is resolved once, and taken as it was given") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-28", {{"a", "a\n"}});
    const std::string given = fs::path(siege.tree.root()).parent_path().string() + "/given";
    fs::create_directory_symlink("root", given);
    const TempWorkspace state;
    siege.server = std::make_unique<ServerProcess>(
        ServerOptions{.argv = {kBinary, "serve", "--root", given, "--state-dir", state.root()}});
    for (const std::string& path : {std::string("a"), given + "/a", siege.tree.root() + "/a"}) {
      siege.must_work("read_file", {{"path", path}}, "a");
    }
    siege.must_work("edit_file",
                    {{"path", given + "/a"}, {"old_string", "a"}, {"new_string", "b"}});
    // Where the link leads by now is nobody's business.
    fs::remove(given);
    fs::create_directory_symlink("outside", given);
    siege.must_fail("read_file", {{"path", given + "/s"}});
    siege.must_work("read_file", {{"path", given + "/a"}}, "b");
    siege.must_work("write_file", {{"path", given + "/new"}, {"content", "x"}});
    siege.claim(siege.tree.read("new") == "x", "made elsewhere");
    siege.claim_outside_unchanged();
  });
}

TEST_CASE(
    "FS-29 edits that overlap, lie out of range, match nothing or are too many change nothing") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-29", {{"a", "abc abc\n"}, {"b", "b\n"}});
    const auto edits = [](const Json& all) { return Json{{"path", "a"}, {"edits", all}}; };
    const Json good = {{"old_string", "c a"}, {"new_string", "x"}};
    siege.must_fail("edit_file", edits({good, {{"old_string", "abc abc"}, {"new_string", "y"}}}),
                    "edit 2");
    siege.must_fail("edit_file", edits({good, {{"old_string", ""}, {"new_string", "y"}}}));
    siege.must_fail("edit_file", edits({good, {{"old_string", "none"}, {"new_string", "y"}}}));
    siege.must_fail("edit_file", edits({good, {{"old_string", "b"}, {"new_string", "y"}}}));
    siege.must_fail("edit_file", edits(Json(1001, good)), "1000");
    siege.must_fail("edit_file", edits(Json(1000, good)));
    siege.must_fail("edit_file", {{"path", "a"}, {"old_string", ""}, {"new_string", "x"}});
    const std::string hunk = "@@ -1 +1 @@\n-b\n+c\n";
    siege.must_fail("apply_patch",
                    {{"patch", "--- a/b\n+++ b/b\n" + hunk + "@@ -900000 +900000 @@\n-b\n+c\n"}});
    siege.must_fail("apply_patch", {{"patch", "--- a/b\n+++ b/b\n" + hunk + hunk}});
    siege.must_fail("apply_patch",
                    {{"patch", patch_of("b", "b", "c") + patch_of("../outside/s", "x", "y")}});
    siege.claim(siege.tree.read("a") == "abc abc\n" && siege.tree.read("b") == "b\n", "changed");
    // A regex that matches nothing, everywhere: what it makes is said before it is made.
    siege.must_work("replace_in_files",
                    {{"pattern", "x*"}, {"replacement", "-"}, {"regex", true}, {"path", "b"}});
    siege.must_fail("replace_in_files", {{"pattern", "x*"},
                                         {"replacement", std::string(1 << 20U, 'y')},
                                         {"regex", true},
                                         {"expected_count", 1'000'000},
                                         {"dry_run", false}});
    siege.claim(siege.tree.read("a") == "abc abc\n" && siege.tree.read("b") == "b\n", "changed");
    siege.claim_no_leftovers();
  });
}

TEST_CASE("FS-30 what was seen and is not there any more is a conflict") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-30", {{"a", "one\n"}});
    const std::string said =
        siege.ask("edit_file", {{"path", "a"}, {"old_string", "one"}, {"new_string", "two"}}).text;
    const std::size_t at = said.find("hash ") + 5;
    const std::string hash = said.substr(at, said.find('\n', at) - at);
    siege.must_work(
        "edit_file",
        {{"path", "a"}, {"old_string", "two"}, {"new_string", "three"}, {"expected_hash", hash}});
    siege.must_fail(
        "edit_file",
        {{"path", "a"}, {"old_string", "three"}, {"new_string", "four"}, {"expected_hash", hash}},
        "read it again");
    siege.must_fail("write_file", {{"path", "a"}, {"content", "four\n"}, {"expected_hash", hash}},
                    "read it again");
    siege.must_fail("apply_patch", {{"patch", patch_of("a", "two", "four")}}, "does not fit");
    siege.must_fail(
        "replace_in_files",
        {{"pattern", "two"}, {"replacement", "four"}, {"dry_run", false}, {"expected_count", 1}});
    siege.claim(siege.tree.read("a") == "three\n", "changed");
    siege.tree.write("a", "by hand\n");
    siege.must_fail("undo", Json::object(), "changed since");
    siege.claim(siege.tree.read("a") == "by hand\n", "undone over another's work");
  });
}

TEST_CASE("FS-33 a file that is swapped between calls is looked at afresh, whatever its times") {
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-33", {{"a", "first\n"}});
    const std::string a = siege.tree.path("a");
    const timespec old[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 0},
                             {.tv_sec = 1'000'000'000, .tv_nsec = 0}};
    const auto age = [&] { utimensat(AT_FDCWD, a.c_str(), old, AT_SYMLINK_NOFOLLOW); };
    age();
    // Asked twice, so that whatever is kept of it is kept.
    for (int i = 0; i < 2; ++i) {
      siege.must_work("read_file", {{"path", "a"}}, "first");
      siege.must_work("grep", {{"pattern", "irst|other"}, {"path", "a"}}, "first");
    }
    siege.tree.write("b", "other\n");
    fs::rename(siege.tree.path("b"), a);
    age();
    siege.must_work("read_file", {{"path", "a"}}, "other");
    siege.must_work("grep", {{"pattern", "irst|other"}, {"path", "a"}}, "other");
    fs::remove(a);
    siege.tree.link("../outside/s", "a");
    age();
    siege.must_fail("read_file", {{"path", "a"}});
    siege.ask("grep", {{"pattern", "."}, {"path", "a"}});
    siege.ask("grep", {{"pattern", "."}});
    siege.must_fail("edit_file", {{"path", "a"}, {"old_string", "o"}, {"new_string", "x"}});
    siege.must_fail("write_file", {{"path", "a"}, {"content", "x"}});
    siege.claim_outside_unchanged();
  });
}

TEST_CASE("FS-34 a git directory is one in every case of its letters") {
  // Refused by name alone, so on a file system that folds case too.
  on_each_kernel([](Report& report, const Kernel&) {
    Besieged siege(report, "FS-34", {{"a", "a\n"}, {".git/config", "x\n"}});
    const auto before = snapshot_of(siege.tree.root());
    for (const std::string name : {".GiT", ".gIT", ".Git", "sub/.GiT"}) {
      siege.must_fail("write_file", {{"path", name + "/config"}, {"content", "x"}},
                      "git directory");
      siege.must_fail("write_file", {{"path", name + "/"}}, "git directory");
      siege.must_fail("move_path", {{"source", "a"}, {"destination", name}}, "git directory");
      siege.must_fail("apply_patch",
                      {{"patch", "--- /dev/null\n+++ b/" + name + "/hooks/x\n@@ -0,0 +1 @@\n+x\n"}},
                      "git directory");
      siege.must_fail("delete_path", {{"path", name + "/config"}});
    }
    siege.claim(snapshot_of(siege.tree.root()) == before, "the tree changed");
  });
}

}  // namespace
}  // namespace quarry::wire
