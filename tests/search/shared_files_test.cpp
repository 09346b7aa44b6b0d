// A file that has several names in a tree: a change through one of them is told of that one alone,
// and must be seen under all.

#include "server/search/shared_files.h"

#include "tests/search/catalogued.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;

void link(const Catalogued& tree, const char* from, const char* to) {
  fs::create_directories(fs::path(tree.files.path(to)).parent_path());
  fs::create_hard_link(tree.files.path(from), tree.files.path(to));
}

// Through that name, whatever others it has; other than TempWorkspace::write().
void write_through(const Catalogued& tree, const char* name, const char* text) {
  std::fstream(tree.files.path(name), std::ios::in | std::ios::out | std::ios::app) << text;
}

Inodes shared_now(Catalogued& tree) {
  TreeStart start;
  return shared_files(*read_tree(*tree.workspace, start, {}, tree.pool, tree.stop())->top);
}

// Whether the directory counts as changed by that.
bool changes(Catalogued& tree, const char* directory, const std::function<void()>& change) {
  const auto before = tree.now();
  REQUIRE(before);
  change();
  const auto now = tree.now();
  REQUIRE(now);
  CHECK(tree.catalogue->stats().builds == 1);
  return now->find(directory)->listing != before->find(directory)->listing;
}

TEST_CASE("shared files: those with names in several directories, and no others") {
  Catalogued tree(Files{{"a/one", ""}, {"a/two", ""}, {"b/three", ""}});
  CHECK(shared_now(tree).empty());
  link(tree, "a/one", "a/again");
  CHECK(shared_now(tree).empty());
  link(tree, "a/one", "b/c/one");
  CHECK(shared_now(tree).size() == 1);
}

TEST_CASE("shared files: a change through one name is a change in the other's directory") {
  Catalogued tree(Files{{"a/one", "1"}, {"b/two", "2"}, {"c/three", "3"}, {"d/four", "4"}});
  link(tree, "a/one", "b/one");
  CHECK(changes(tree, "a", [&] { write_through(tree, "b/one", "more"); }));
  CHECK(changes(tree, "b", [&] { write_through(tree, "a/one", "more"); }));
  CHECK_FALSE(changes(tree, "a", [&] { write_through(tree, "c/three", "more"); }));
  // A link that is made, and one in a directory that was not there.
  CHECK(changes(tree, "c", [&] {
    link(tree, "c/three", "b/three");
    write_through(tree, "b/three", "more");
  }));
  CHECK(changes(tree, "c", [&] { write_through(tree, "b/three", "more"); }));
  CHECK(changes(tree, "d", [&] {
    link(tree, "d/four", "new/deep/four");
    write_through(tree, "new/deep/four", "more");
  }));
  CHECK(changes(tree, "d", [&] { write_through(tree, "new/deep/four", "more"); }));
}

TEST_CASE("shared files: a name that was known tells of what was written before it went") {
  Catalogued tree(Files{{"a/one", "1"}, {"b/two", "2"}, {"c/three", "3"}});
  link(tree, "a/one", "b/one");
  CHECK(changes(tree, "a", [&] {
    write_through(tree, "b/one", "more");
    fs::remove(tree.files.path("b/one"));
  }));
  CHECK_FALSE(changes(tree, "a", [&] { write_through(tree, "b/two", "more"); }));
  link(tree, "a/one", "c/d/one");
  CHECK(changes(tree, "a", [&] {
    write_through(tree, "c/d/one", "more");
    fs::rename(tree.files.path("c/d/one"), tree.files.path("c/moved"));
  }));
  CHECK(changes(tree, "a", [&] { write_through(tree, "c/moved", "more"); }));
  CHECK(changes(tree, "a", [&] {
    write_through(tree, "c/moved", "more");
    fs::remove_all(tree.files.path("c"));
  }));
}

TEST_CASE("shared files: a change through a name in an ignored directory is seen") {
  Catalogued tree(Files{{".ignore", "out\n"}, {"a/one", "1"}, {"b/two", "2"}, {"out/y/x", ""}});
  link(tree, "a/one", "out/one");
  CHECK(changes(tree, "a", [&] { write_through(tree, "out/one", "more"); }));
  CHECK(changes(tree, "b", [&] {
    link(tree, "b/two", "out/new/deep/two");
    write_through(tree, "out/new/deep/two", "more");
  }));
  CHECK(changes(tree, "b", [&] { write_through(tree, "out/new/deep/two", "more"); }));
  CHECK_FALSE(changes(tree, "a", [&] { write_through(tree, "out/y/x", "more"); }));
}

TEST_CASE("shared files: rules that are written under another name hold at once") {
  Catalogued tree(Files{{"a/.ignore", "one\n"}, {"a/one", "1"}, {"a/two", "2"}, {"b/x", ""}});
  link(tree, "a/.ignore", "b/rules");
  REQUIRE(tree.now());
  CHECK(tree.now()->find("a")->counts.ignored_files == 1);
  write_through(tree, "b/rules", "two\n");
  CHECK(tree.find("*", FileOrder::kPath, true) == tree.find("*", FileOrder::kPath, false));
  CHECK(tree.now()->find("a")->counts.ignored_files == 2);
}

// One change after the other, each followed by a look at what has changed: a name that came, was
// written through and went between two looks leaves nothing to be known by.
TEST_CASE("shared files: whatever changes through whatever name is in the next answer") {
  const unsigned seed = std::random_device()();
  Catalogued tree;
  Changer changer(tree.files, seed);
  std::string history;
  for (int round = 0; round < 1'000; ++round) {
    history += "\n" + (changer.below(4) == 0 ? changer.link() : changer.change());
    INFO("seed " << seed << ", round " << round << ": " << history);
    (void)tree.now();
    const auto same = [](const std::string& kept, const std::string& read) {
      if (kept == read) return;
      CHECK(kept == read);
      FAIL("the catalogue is not what is there");
    };
    const bool all = changer.below(3) == 0;  // the ignored ones too
    if (changer.below(2) == 0) {
      same(tree.find("**", FileOrder::kMtime, true, all),
           tree.find("**", FileOrder::kMtime, false, all));
    }
    if (changer.below(3) == 0) same(tree.list(".", 4, true, all), tree.list(".", 4, false, all));
    tree.settle();
  }
}

}  // namespace
}  // namespace quarry::search
