// The catalogue beside the plain walk: after every one of many random changes both must say the
// same, and the catalogue must have read again only what had changed.

#include "server/search/catalogue.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/search/find_files.h"
#include "server/search/grep.h"
#include "server/search/known_walk.h"
#include "server/search/list_entries.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

// A tree with a catalogue that is watched from the start.
struct Catalogued {
  explicit Catalogued(const Files& content = {}, const CatalogueLimits& limits = {})
      : files(content), workspace(sandbox::Workspace::open(files.root()).value()) {
    tree = std::make_shared<watch::Tree>(1, workspace, clock, quota, watch::TreeLimits{});
    (void)tree->use();
    settle();
    catalogue = std::make_unique<Catalogue>(tree, clock, limits);
  }

  // Until the watch is set, again after a loss.
  void settle() {
    for (int i = 0; i < 2000 && (tree->mode() != watch::Mode::kWatching || !tree->epochs()); ++i) {
      if (tree->use()) tree->work();
      std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
    }
  }

  Engine engine(bool with_catalogue) {
    return {*workspace, pool, cancel, clock, with_catalogue ? catalogue.get() : nullptr};
  }
  Stop stop() const { return {cancel, clock}; }
  std::shared_ptr<const TreeNode> now(Effort effort = Effort::kBuild) {
    return catalogue->now(*workspace, pool, stop(), effort);
  }
  std::string find(std::string_view pattern, FileOrder order, bool with_catalogue,
                   bool ignored_too = false) {
    FindQuery query;
    query.pattern = pattern;
    query.sort = order;
    query.include_ignored = ignored_too;
    auto answer = find_files(query, engine(with_catalogue));
    return answer ? answer->text : "error: " + answer.error().message;
  }
  std::string list(std::string_view where, int depth, bool with_catalogue,
                   bool ignored_too = false) {
    ListQuery query;
    query.path = workspace->parse(where).value();
    query.depth = depth;
    query.sizes = true;
    query.include_ignored = ignored_too;
    auto answer = list_entries(query, engine(with_catalogue));
    return answer ? *answer : "error: " + answer.error().message;
  }
  std::string grep(std::string_view pattern, std::string_view where, bool with_catalogue,
                   bool ignored_too = false) {
    GrepQuery query;
    query.include_ignored = ignored_too;
    query.pattern = pattern;
    query.path = workspace->parse(where).value();
    auto answer = search::grep(query, engine(with_catalogue));
    return answer ? answer->text : "error: " + answer.error().message;
  }

  test::TempWorkspace files;
  SystemClock clock;
  pool::Pool pool{{.workers = 0}};
  CancelToken cancel{clock};
  watch::Quota quota;
  std::shared_ptr<const sandbox::Workspace> workspace;
  std::shared_ptr<watch::Tree> tree;
  std::unique_ptr<Catalogue> catalogue;
};

// QUARRY_LONG_TESTS=1 asks for the long run, a larger number for that many rounds.
int rounds() {
  const char* wanted = std::getenv("QUARRY_LONG_TESTS");
  const int number = wanted == nullptr ? 0 : std::atoi(wanted);
  if (number == 1) return 100'000;
  return number > 1 ? number : 1'500;
}

// Changes a small tree in every way that a catalogue must notice, cheaply.
class Changer {
 public:
  Changer(const test::TempWorkspace& files, unsigned seed) : root_(files.root()), random_(seed) {
    fs::create_directories(root_ / ".git/info");
  }

  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  std::string change() {
    const fs::path file = root_ / directory() / name();
    const fs::path other = root_ / directory();
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        fs::create_directories(file.parent_path(), error_);
        write(file, below(2) == 0 ? "needle one\n" : "straw\n");
        return "write " + file.string();
      case 3:
        write(file, "needle " + std::to_string(below(1000)) + "\n");
        return "overwrite " + file.string();
      case 4:
        fs::remove_all(file, error_);
        return "remove " + file.string();
      case 5:
        fs::remove_all(other, error_);
        return "remove " + other.string();
      case 6: {
        const fs::path to = root_ / directory();
        fs::rename(other, to, error_);
        return "move " + other.string() + " to " + to.string();
      }
      case 7: {
        // Taken away and made anew under the same name, with the same names in it.
        const fs::path aside = root_ / "aside";
        fs::remove_all(aside, error_);
        fs::rename(other, aside, error_);
        fs::create_directories(other / "p", error_);
        write(other / "p" / name(), "needle again\n");
        return "replace " + other.string();
      }
      case 8:
        fs::create_directories(other / "m/n/o", error_);
        write(other / "m/n/o/deep.txt", "needle deep\n");
        return "make below " + other.string();
      case 9:
        write(root_ / (below(2) == 0 ? ".gitignore" : ".ignore"), rules());
        return "rules at the root";
      case 10:
        fs::create_directories(other, error_);
        write(other / ".gitignore", rules());
        return "rules in " + other.string();
      case 11:
        fs::create_directories(root_ / ".git/info", error_);
        write(root_ / ".git/info/exclude", rules());
        return "exclude";
      case 12: {
        static constexpr const char* kConfigs[] = {
            "[core]\n\tignorecase = true\n", "[core]\n\texcludesFile = a/rules\n",
            "[core]\n\tignorecase = false\n\texcludesfile = \"b/p/rules\"\n", ""};
        fs::create_directories(root_ / ".git", error_);
        write(root_ / ".git/config", kConfigs[below(4)]);
        return "configuration";
      }
      case 13: {
        const fs::path far = root_ / (below(2) == 0 ? "a/rules" : "b/p/rules");
        fs::create_directories(far.parent_path(), error_);
        write(far, rules());
        return "far rules";
      }
      case 14:
        if (below(2) == 0) {
          fs::create_directories(other / ".git", error_);
          return "repository in " + other.string();
        }
        fs::create_directories(other, error_);
        write(other / ".git", "gitdir: /elsewhere/.git/worktrees/x\n");
        return "worktree in " + other.string();
      default:
        utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
        if (below(4) == 0) fs::remove_all(root_ / ".git", error_);
        return "touch " + file.string();
    }
  }

  // More events than the kernel queues.
  void flood() {
    write(root_ / "flood_a.txt", "a");
    write(root_ / "flood_b.txt", "b");
    for (int i = 0; i < 8'400; ++i) {
      const mode_t mode = i % 2 == 0 ? 0644 : 0600;
      chmod((root_ / "flood_a.txt").c_str(), mode);
      chmod((root_ / "flood_b.txt").c_str(), mode);
    }
  }

 private:
  std::string directory() {
    std::string path(1, static_cast<char>('a' + below(3)));
    if (below(2) == 0) path += below(2) == 0 ? "/p" : "/q";
    if (below(4) == 0) path += "/p";
    return path;
  }
  std::string name() {
    static constexpr const char* kNames[] = {"one.txt", "two.log", "Two.LOG", "three", "p"};
    return kNames[below(5)];
  }
  std::string rules() {
    static constexpr const char* kRules[] = {"*.log\n", "p/\n", "!one.txt\n*.txt\n", "/a/q\n", ""};
    return kRules[below(5)];
  }
  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  const fs::path root_;
  std::mt19937 random_;
  std::error_code error_;
};

void check_rounds(int count, bool flood) {
  const unsigned seed = std::random_device()();
  Catalogued tree;
  Changer changer(tree.files, seed);
  std::string history;
  for (int round = 0; round < count; ++round) {
    if (flood && changer.below(8) == 0) changer.flood();
    history.clear();
    for (int i = changer.below(3); i >= 0; --i) history += changer.change() + "; ";
    INFO("seed " << seed << ", round " << round << ": " << history);
    const auto same = [](const std::string& kept, const std::string& read) {
      if (kept == read) return;
      CHECK(kept == read);
      FAIL("the catalogue is not what is there");
    };
    const bool all = changer.below(3) == 0;  // the ignored ones too
    // Not all questions each time: what was known before an older change must not come back.
    if (changer.below(4) != 0) {
      const auto order = changer.below(2) == 0 ? FileOrder::kMtime : FileOrder::kPath;
      same(tree.find("**", order, true, all), tree.find("**", order, false, all));
    }
    if (changer.below(3) == 0) {
      const int depth = 1 + changer.below(4);
      same(tree.list(".", depth, true, all), tree.list(".", depth, false, all));
    }
    if (changer.below(3) == 0) {
      const char* const where = changer.below(2) == 0 ? "." : "a";
      same(tree.grep("needle \\w+", where, true, all), tree.grep("needle \\w+", where, false, all));
    }
    tree.settle();
  }
  const CatalogueStats stats = tree.catalogue->stats();
  INFO(stats.hits << " hits, " << stats.renewals << " renewals, " << stats.builds << " builds");
  CHECK(stats.renewals > static_cast<std::uint64_t>(count) / 4);
  if (flood) {
    CHECK(stats.builds > static_cast<std::uint64_t>(count) / 40);
  } else {
    CHECK(stats.builds < 1 + static_cast<std::uint64_t>(count) / 10);
  }
}

TEST_CASE("catalogue: every finished change is in the next answer") {
  check_rounds(rounds(), false);
}

TEST_CASE("catalogue: when events overflow every finished change is in the next answer") {
  check_rounds(std::max(40, rounds() / 50), true);
}

TEST_CASE("catalogue shares what has not changed and reads one directory for one change") {
  Catalogued tree(Files{{"a/one", ""}, {"b/c/two", ""}, {"d/three", ""}});
  const auto before = tree.now();
  REQUIRE(before);
  CHECK(tree.now() == before);
  tree.files.write("b/c/new", "x");
  const auto after = tree.now();
  REQUIRE(after);
  CHECK(after != before);
  CHECK(after->find("a") == before->find("a"));
  CHECK(after->find("d") == before->find("d"));
  CHECK(after->find("b")->listing == before->find("b")->listing);
  CHECK(after->find("b/c")->listing != before->find("b/c")->listing);
  CHECK(tree.catalogue->stats().builds == 1);
  CHECK(tree.catalogue->stats().renewals == 1);
}

TEST_CASE("catalogue shares what no rule leaves out with a walk that asks no rules") {
  Catalogued tree(Files{{"a/one", ""}, {"b/two", ""}, {"b/out/three", ""}, {".ignore", "out\n"}});
  const auto known = tree.now();
  REQUIRE(known);
  WalkOptions options;
  options.include_ignored = true;
  const auto all = known_walk(tree.engine(true), sandbox::Path(), options, tree.stop());
  REQUIRE(all);
  CHECK(all->regular == 4);
  CHECK(all->directories[1] == known->find("a"));
  CHECK(all->directories[2] != known->find("b"));
  CHECK(all->directories[3]->listing->path.text() == "b/out");
}

TEST_CASE("catalogue tells by a listing's identity whether a file's content may have changed") {
  Catalogued tree(Files{{"a/one", "1"}, {"b/two", "2"}});
  const auto before = tree.now();
  std::fstream(tree.files.path("a/one"), std::ios::in | std::ios::out) << "x";
  const auto after = tree.now();
  CHECK(after->find("a")->listing != before->find("a")->listing);
  CHECK(after->find("b")->listing == before->find("b")->listing);
}

TEST_CASE("catalogue that is only peeked at is neither built nor waited for") {
  Catalogued tree(Files{{"a/one", ""}});
  CHECK(tree.now(Effort::kPeek) == nullptr);
  REQUIRE(tree.now());
  CHECK(tree.now(Effort::kPeek) != nullptr);
  tree.files.write("a/two", "");
  CHECK(tree.now(Effort::kPeek) != nullptr);
  for (int i = 0; i < 20; ++i) tree.files.write("many/" + std::to_string(i) + "/f", "");
  REQUIRE(tree.now());
  for (int i = 0; i < 20; ++i) tree.files.write("many/" + std::to_string(i) + "/g", "");
  CHECK(tree.now(Effort::kPeek) == nullptr);
  CHECK(tree.now());
}

TEST_CASE("catalogue of a tree over its limit is not kept, and the answer is whole") {
  Catalogued tree(Files{{"a/1", ""}, {"a/2", ""}, {"a/3", ""}}, {.entries = 3, .bytes = 1 << 20});
  CHECK(tree.find("*", FileOrder::kPath, true) == tree.find("*", FileOrder::kPath, false));
  CHECK(tree.catalogue->stats().too_large);
  CHECK(tree.catalogue->stats().bytes == 0);
  CHECK(tree.now() == nullptr);
}

TEST_CASE("catalogue whose reading was cut short is read again by the next call") {
  Catalogued tree(Files{{"a/1", ""}, {"b/2", ""}});
  const CancelToken late(tree.clock, tree.clock.steady_ns());
  CHECK(tree.catalogue->now(*tree.workspace, tree.pool, Stop(late, tree.clock), Effort::kBuild) ==
        nullptr);
  const auto whole = tree.now();
  REQUIRE(whole);
  CHECK(whole->counts.regular == 2);
  tree.files.write("b/3", "");
  CHECK(tree.catalogue->now(*tree.workspace, tree.pool, Stop(late, tree.clock), Effort::kBuild) ==
        nullptr);
  CHECK(tree.now()->counts.regular == 3);
}

TEST_CASE("catalogue that was dropped is built again") {
  Catalogued tree(Files{{"a", ""}});
  REQUIRE(tree.now());
  tree.catalogue->drop();
  CHECK(tree.catalogue->stats().bytes == 0);
  CHECK(tree.now());
  CHECK(tree.catalogue->stats().builds == 2);
}

TEST_CASE("catalogue asks a file with several names for its time each time") {
  Catalogued tree(Files{{"old", ""}, {"new", ""}, {"third", ""}});
  const test::TempWorkspace outside;
  fs::create_hard_link(tree.files.path("old"), outside.path("other"));
  const auto date = [](const std::string& path, std::int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  };
  date(tree.files.path("old"), 1'000);
  date(tree.files.path("new"), 2'000);
  date(tree.files.path("third"), 500);
  CHECK(tree.find("*", FileOrder::kMtime, true).starts_with("new\nold\nthird\n"));
  // No watched directory tells of this.
  date(outside.path("other"), 3'000);
  CHECK(tree.find("*", FileOrder::kMtime, true).starts_with("old\nnew\nthird\n"));
}

}  // namespace
}  // namespace quarry::search
