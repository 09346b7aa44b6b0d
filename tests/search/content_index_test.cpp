#include "server/search/content_index.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/bytes.h"
#include "server/base/hash.h"
#include "server/search/renewal.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;

// A clock that is always late enough for every time stamp to be settled, or never.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(std::int64_t ms) : ms_(ms) {}
  std::int64_t steady_ns() const override { return system_.steady_ns() + later_ns; }
  std::int64_t wall_ms() const override { return system_.wall_ms() + ms_; }

  std::int64_t later_ns = 0;

 private:
  SystemClock system_;
  std::int64_t ms_;
};

struct World {
  explicit World(const Files& files, std::int64_t shift_ms = 60'000,
                 std::size_t most_bytes = std::size_t{64} << 20U)
      : searched(files),
        clock(shift_ms),
        store(store::Store::in_memory()),
        texts(*store, clock),
        budget{.most = most_bytes},
        index(texts, budget, clock) {}

  Stop never() { return {searched.cancel, searched.clock}; }
  std::shared_ptr<const TreeNode> read() {
    TreeStart start;
    const auto reading = read_tree(*searched.workspace, start, {}, searched.pool, never());
    REQUIRE(reading);
    return reading->top;
  }
  std::shared_ptr<const TreeNode> renewed(const TreeNode& top, const std::set<std::string>& dirs) {
    watch::Changes changes;
    changes.clear();
    for (const std::string& dir : dirs) changes.add_directory(dir);
    Inodes shared = shared_files(top);
    auto next = renew(top, changes, shared, *searched.workspace, searched.pool, never());
    REQUIRE(next != nullptr);
    return next;
  }
  void learn(const std::shared_ptr<const TreeNode>& tree) {
    while (index.advance(*searched.workspace, tree, never())) {
    }
  }

  SearchedTree searched;
  ShiftedClock clock;
  std::unique_ptr<store::Store> store;
  IndexedTexts texts;
  IndexBudget budget;
  ContentIndex index;
};

struct Sifting {
  std::set<std::string> read;
  Sifted sifted;
};

Sifting sift(World& world, const std::shared_ptr<const TreeNode>& tree, std::string_view text,
             std::string_view glob = "") {
  const auto filter = FileFilter::make(glob, "", sandbox::Path());
  REQUIRE(filter);
  const Walk walk(tree, *tree);
  Sifting found;
  found.sifted = world.index.sift(walk, index::Query::text(text, false), *filter, world.never());
  for (const Walk::Place place : found.sifted.read) {
    std::string path;
    walk.append_path(path, place);
    found.read.insert(path);
  }
  return found;
}

using PathSet = std::set<std::string>;

TEST_CASE("content index: only files that may match are read, the others are counted as if") {
  World world(Files{{"a.c", "int spinning_top;\n"},
                    {"d/b.c", "int other;\n"},
                    {"d/latin", "caf\xE9 au lait\n"},
                    {"d/e/picture", std::string("\x89PNG\0\0spinning_top", 18)},
                    {"empty", ""}});
  const auto tree = world.read();
  CHECK(sift(world, tree, "spinning_top").read.size() == 5);  // nothing is known yet
  world.learn(tree);
  const Sifting found = sift(world, tree, "spinning_top");
  CHECK(found.read == PathSet{"a.c", "d/latin"});
  CHECK(found.sifted.searched == 2);
  CHECK(found.sifted.binary == 1);
  CHECK(found.sifted.by_index);
  const Sifting filtered = sift(world, tree, "spinning_top", "d/**");
  CHECK(filtered.read == PathSet{"d/latin"});
  CHECK(filtered.sifted.filtered == 2);
  CHECK(filtered.sifted.searched == 1);
  const Sifting everything = sift(world, tree, "sp");  // too short to look up
  CHECK(everything.read.size() == 5);
  CHECK(everything.sifted.scan == Sifted::Scan::kNoText);
  CHECK(found.sifted.scan == Sifted::Scan::kNo);
}

TEST_CASE("content index: a directory that changed is read until it is known again") {
  World world(Files{{"a/one", "alpha\n"}, {"a/two", "words untouched\n"}, {"b/three", "gamma\n"}});
  const auto tree = world.read();
  world.learn(tree);
  CHECK(sift(world, tree, "delta").read.empty());
  world.searched.files.write("a/one", "delta\n");
  const auto next = world.renewed(*tree, {"a"});
  CHECK(sift(world, next, "delta").read == PathSet{"a/one", "a/two"});
  const std::uint64_t before = world.index.stats().read_bytes;
  world.learn(next);
  CHECK(world.index.stats().read_bytes - before == 6);  // only what changed
  CHECK(sift(world, next, "delta").read == PathSet{"a/one"});
  CHECK(sift(world, next, "alpha").read.empty());
  CHECK(sift(world, next, "words untouched").read == PathSet{"a/two"});
}

TEST_CASE("content index: what is read a tick after it was written is read again later") {
  World world(Files{{"a/one", "alpha\n"}, {"a/two", "beta\n"}}, -60'000);
  const auto tree = world.read();
  world.learn(tree);
  const std::uint64_t before = world.index.stats().read_bytes;
  const auto next = world.renewed(*tree, {"a"});
  world.learn(next);
  CHECK(world.index.stats().read_bytes - before == 11);
}

TEST_CASE(
    "content index: what does not fit, cannot be opened or hides secrets is left to reading") {
  World full(Files{{"a", "alpha\n"}, {"b", "beta\n"}}, 60'000, 100);
  const auto tree = full.read();
  full.learn(tree);
  CHECK(full.index.stats().full);
  CHECK(sift(full, tree, "nothing").read.size() == 2);

  World hiding(
      Files{{".env", "KEY=1\n"}, {"large", std::string((8U << 20U) + 1, 'x')}, {"c", "c\n"}});
  const auto other = hiding.read();
  hiding.learn(other);
  CHECK(sift(hiding, other, "nothing").read == PathSet{".env", "large"});
}

TEST_CASE("content index: holds no more than its budget, and says when that is used up") {
  Files files;
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (int word = 0; word < 60; ++word) text += "w" + std::to_string(i * 61 + word) + " ";
    files["d" + std::to_string(i % 9) + "/f" + std::to_string(i)] = text + "needle\n";
  }
  std::size_t all = 0;
  {
    World roomy(files);
    roomy.learn(roomy.read());
    CHECK_FALSE(roomy.index.stats().full);
    all = roomy.budget.used;
  }
  REQUIRE(all > 0);
  for (const std::size_t most : {2 * all, all - 1, all / 2, std::size_t{1}}) {
    INFO(most << " of " << all);
    World world(files, 60'000, most);
    const auto tree = world.read();
    world.learn(tree);
    CHECK(world.budget.used <= most);
    CHECK(world.index.stats().full == (most < all));
    // What did not fit is read.
    const Sifting found = sift(world, tree, "absent text");
    CHECK((found.read.size() > 0) == (most < all));
    CHECK(found.read.size() + found.sifted.searched == files.size());
    CHECK(sift(world, tree, "needle").read.size() == files.size());
  }
  // Two indexes share it.
  World world(files, 60'000, all);
  const auto tree = world.read();
  world.learn(tree);
  ContentIndex second(world.texts, world.budget, world.clock);
  while (second.advance(*world.searched.workspace, tree, world.never())) {
  }
  CHECK(second.stats().full);
  CHECK(world.budget.used <= all);
  world.index.drop();
  CHECK(world.budget.used == 0);
}

TEST_CASE("content index: what another index has read is taken from the store") {
  World first(Files{{"a", "alpha\n"}, {"b", "beta\n"}, {"bin", std::string("\0\0", 2)}});
  const auto tree = first.read();
  first.learn(tree);
  IndexedTexts texts(*first.store, first.clock);
  IndexBudget budget{.most = 1 << 20};
  ContentIndex second(texts, budget, first.clock);
  while (second.advance(*first.searched.workspace, tree, first.never())) {
  }
  CHECK(second.stats().read_bytes == 0);
  CHECK(second.stats().from_store == 3);
  const Walk walk(tree, *tree);
  CHECK(second.sift(walk, index::Query::text("alpha", false), {}, first.never()).read.size() == 1);
}

TEST_CASE("content index: nobody who only writes files can tell where a signature is stored") {
  World world(Files{{"a", "alpha\n"}});
  const auto tree = world.read();
  // As if another text with the same hash had been learnt before.
  std::string key(1, 'c');
  ByteWriter(key).number(index::Signature::kVersion);
  const auto hash = hash128("alpha\n");
  key.append(hash.data(), hash.size());
  const index::Signature empty = index::Signature::of({});
  REQUIRE(world.store->put(store::Table::kTexts, key, empty.bytes()));
  world.learn(tree);
  CHECK(sift(world, tree, "alpha").read == PathSet{"a"});
}

TEST_CASE("content index: files are in the order of their whole paths, whatever is known of them") {
  World world(Files{{"zz", "alpha\n"},
                    {"README", "alpha\n"},
                    {"d1/x", "alpha\n"},
                    {"d1/y/z", "alpha\n"},
                    {"d1/quiet/q", "other\n"},
                    {"d1.c", "alpha\n"},
                    {"a/b", "alpha\n"}});
  const auto tree = world.read();
  const Walk walk(tree, *tree);
  const auto paths = [&](const std::vector<Walk::Place>& places) {
    std::vector<std::string> found;
    for (const Walk::Place place : places) walk.append_path(found.emplace_back(), place);
    return found;
  };
  const auto query = index::Query::text("alpha", false);
  for (int known = 0; known < 2; ++known) {
    for (const char* glob : {"", "*"}) {
      INFO(known << glob);
      const auto filter = FileFilter::make(glob, "", sandbox::Path());
      REQUIRE(filter);
      std::vector<std::string> want = {"README", "a/b",    "d1.c", "d1/quiet/q",
                                       "d1/x",   "d1/y/z", "zz"};
      if (known == 1) std::erase(want, "d1/quiet/q");
      CHECK(paths(world.index.sift(walk, query, *filter, world.never()).read) == want);
    }
    world.learn(tree);
  }
}

TEST_CASE("content index: a file that has several names is always read") {
  World world(Files{{"a/one", "alpha\n"}, {"a/two", "words untouched\n"}, {"b/three", "gamma\n"}});
  const std::string root = world.searched.files.root();
  REQUIRE(link((root + "/a/two").c_str(), (root + "/b/second").c_str()) == 0);
  const auto tree = world.read();
  world.learn(tree);
  CHECK(sift(world, tree, "delta").read == PathSet{"a/two", "b/second"});
  // A name that was made later: what is written through it the watch tells of for `b` alone.
  REQUIRE(link((root + "/a/one").c_str(), (root + "/b/first").c_str()) == 0);
  world.searched.files.write("b/first", "delta\n");
  const auto next = world.renewed(*tree, {"b"});
  CHECK(sift(world, next, "delta").read ==
        PathSet{"a/one", "a/two", "b/first", "b/second", "b/three"});
  world.learn(next);
  CHECK(sift(world, next, "delta").read == PathSet{"a/one", "a/two", "b/first", "b/second"});
}

// As through a shared mapping or a hard link elsewhere: the watch tells of nothing.
TEST_CASE("content index: a change that nobody told of is found when its time is up") {
  World world(Files{{"a/one", "alpha\n"}, {"a/two", "words untouched\n"}});
  const auto tree = world.read();
  world.learn(tree);
  world.searched.files.write("a/one", "delta and more\n");
  CHECK(sift(world, tree, "delta and more").read.empty());
  world.clock.later_ns = ContentIndex::kMostAgeNs / 2 + 1'000'000'000;
  CHECK(world.index.due());
  world.clock.later_ns = ContentIndex::kMostAgeNs + 1'000'000'000;
  CHECK(sift(world, tree, "delta and more").read == PathSet{"a/one", "a/two"});
  CHECK(sift(world, tree, "delta and more").sifted.scan == Sifted::Scan::kNotSure);
  const std::uint64_t before = world.index.stats().read_bytes;
  world.learn(tree);
  CHECK(world.index.stats().read_bytes - before == 15);
  CHECK_FALSE(world.index.due());
  CHECK(sift(world, tree, "delta and more").read == PathSet{"a/one"});
}

TEST_CASE("content index: dropped, it knows nothing and can learn again") {
  World world(Files{{"a", "alpha\n"}, {"b", "beta\n"}});
  const auto tree = world.read();
  world.learn(tree);
  CHECK(world.budget.used > 0);
  world.index.drop();
  CHECK(world.budget.used == 0);
  CHECK(world.index.stats().files == 0);
  CHECK(sift(world, tree, "alpha").read.size() == 2);
  world.learn(tree);
  CHECK(sift(world, tree, "alpha").read == PathSet{"a"});
}

// Files change in every way; between learning and asking no file that holds a text is missed, and
// every file is accounted for.
TEST_CASE("content index: random changes, and no file that holds the text is missed") {
  std::mt19937 random(17);
  std::map<std::string, std::string> files;
  const auto content = [&] {
    std::string text;
    for (std::size_t i = random() % 30; i > 0; --i) {
      text += "word" + std::to_string(random() % 40) + (random() % 5 == 0 ? "\n" : " ");
    }
    return text;
  };
  const auto name = [&] {
    return "d" + std::to_string(random() % 6) + "/f" + std::to_string(random() % 12);
  };
  for (int i = 0; i < 40; ++i) files[name()] = content();
  const bool settled = GENERATE(true, false);
  World world(files, settled ? 60'000 : -60'000);
  for (int i = 0; i < 6; ++i) world.searched.files.make_directory("d" + std::to_string(i));
  auto tree = world.read();
  for (int round = 0; round < 300; ++round) {
    std::set<std::string> dirs;
    for (std::size_t i = random() % 3; i > 0; --i) {
      const std::string path = name();
      if (random() % 4 == 0) {
        std::remove(world.searched.files.path(path).c_str());
        files.erase(path);
      } else {
        files[path] = content();
        world.searched.files.write(path, files[path]);
        // The clock says that every file is settled, so no two changes may fall into one tick.
        const timespec times[2] = {{0, UTIME_OMIT}, {1'700'000'000 + round, static_cast<long>(i)}};
        REQUIRE(utimensat(AT_FDCWD, world.searched.files.path(path).c_str(), times, 0) == 0);
      }
      dirs.insert(path.substr(0, 2));
    }
    if (!dirs.empty()) tree = world.renewed(*tree, dirs);
    if (random() % 3 != 0) world.learn(tree);
    const std::string word = "word" + std::to_string(random() % 45) + " ";
    const Sifting found = sift(world, tree, word);
    for (const auto& [path, text] : files) {
      INFO(path);
      if (text.find(word) != std::string::npos) REQUIRE(found.read.contains(path));
    }
    REQUIRE(found.read.size() + found.sifted.searched == files.size());
  }
}

}  // namespace
}  // namespace quarry::search
