// The catalogue beside the plain walk: after every one of many random changes both must say the
// same, and the catalogue must have read again only what had changed.

#include "server/search/catalogue.h"

#include <cstdlib>

#include <sys/resource.h>

#include "server/search/known_walk.h"
#include "tests/search/catalogued.h"

namespace quarry::search {
namespace {

using Files = std::map<std::string, std::string>;

// QUARRY_LONG_TESTS=1 asks for the long run, a larger number for that many rounds.
int catalogue_rounds() {
  const char* wanted = std::getenv("QUARRY_LONG_TESTS");
  const int number = wanted == nullptr ? 0 : std::atoi(wanted);
  if (number == 1) return 100'000;
  return number > 1 ? number : 1'500;
}

void check_rounds(int count, bool flood) {
  const unsigned seed = std::random_device()();
  Catalogued tree;
  Changer changer(tree.files, seed);
  for (int round = 0; round < count; ++round) {
    const std::string history = changer.some_changes(flood);
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
  check_rounds(catalogue_rounds(), false);
}

TEST_CASE("catalogue: when events overflow every finished change is in the next answer") {
  check_rounds(std::max(40, catalogue_rounds() / 50), true);
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

TEST_CASE("catalogue follows rules that leave nothing of a tree, and then something again") {
  Catalogued tree(Files{{".gitignore", "/*\n"}, {"a/one", "1"}});
  REQUIRE(tree.now());
  const auto names = [&](bool with_catalogue) {
    FindQuery query;
    query.pattern = "**";
    query.sort = FileOrder::kPath;
    const auto answer = find_files(query, tree.engine(with_catalogue));
    REQUIRE(answer);
    return answer->text;
  };
  const auto both = [&] {
    CHECK(names(true) == names(false));
    return names(true);
  };
  CHECK_THAT(both(), Catch::StartsWith(".gitignore\na/one\n\n2 of 2 files match\nnote: "));
  tree.files.write("a/two", "2");
  CHECK_THAT(both(), Catch::StartsWith(".gitignore\na/one\na/two\n\n3 of 3 files match\nnote: "));
  tree.files.write(".gitignore", "/b\n");
  tree.files.write("b", "3");
  CHECK(both() ==
        ".gitignore\na/one\na/two\n\n3 of 3 files match; not listed: 1 ignored file "
        "(include_ignored=true lists it)\n");
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

TEST_CASE("catalogue asks again for what it could not read for want of descriptors") {
  Catalogued tree(Files{{"a/.gitignore", "*.log\n"}, {"a/x.log", ""}, {"a/b/y", ""}, {"c", ""}});
  REQUIRE(tree.now());
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const int next = dup(STDERR_FILENO);
  close(next);
  FindQuery query;
  query.pattern = "*";
  std::uint64_t unsure = 0;
  for (int spare = 0; spare < 4; ++spare) {
    INFO(spare << " descriptors");
    tree.files.write("a/new" + std::to_string(spare), "");
    const rlimit less{static_cast<rlim_t>(next + spare), limit.rlim_max};
    const bool limited = setrlimit(RLIMIT_NOFILE, &less) == 0;
    const auto few = tree.now();
    const auto found = find_files(query, tree.engine(true));
    REQUIRE((setrlimit(RLIMIT_NOFILE, &limit) == 0 && limited && few));
    unsure += few->counts.unsure;
    CHECK((!found || found->repeatable == (few->counts.unsure == 0)));
    CHECK(tree.find("*", FileOrder::kPath, true) == tree.find("*", FileOrder::kPath, false));
    CHECK(tree.now()->counts.unsure == 0);
  }
  CHECK(unsure > 0);
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

TEST_CASE("kept times are forgotten together when the first of them is too old") {
  constexpr std::int64_t kBegin = 3 * KeptTimes::kMostNs;
  KeptTimes times;
  times.begin(2);
  CHECK(times.get(0, kBegin) == KeptTimes::kNone);
  times.keep(0, 10, kBegin);
  times.keep(1, 11, kBegin + 5);
  CHECK(times.get(0, kBegin + KeptTimes::kMostNs) == 10);
  CHECK(times.get(1, kBegin + KeptTimes::kMostNs) == 11);
  CHECK(times.get(1, kBegin + KeptTimes::kMostNs + 1) == KeptTimes::kNone);
  times.keep(1, 12, kBegin + KeptTimes::kMostNs + 1);
  CHECK(times.get(0, kBegin + KeptTimes::kMostNs + 1) == KeptTimes::kNone);
  CHECK(times.get(1, kBegin + KeptTimes::kMostNs + 1) == 12);
}

// Links that are made outside the root when the files' times are kept already: nobody tells of
// them.
class DatedOutside {
 public:
  explicit DatedOutside(const Catalogued& tree) : tree_(tree) {
    date(tree_.files.path("old"), 1'000);
    date(tree_.files.path("new"), 2'000);
  }
  void make_old_the_newest() const {
    fs::create_hard_link(tree_.files.path("old"), outside_.path("other"));
    date(outside_.path("other"), 3'000);
  }

 private:
  static void date(const std::string& path, std::int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  }
  const Catalogued& tree_;
  test::TempWorkspace outside_;
};

TEST_CASE("catalogue asks every file for its time again after a while") {
  Catalogued tree(Files{{"old", ""}, {"new", ""}});
  const DatedOutside outside(tree);
  CHECK(tree.find("*", FileOrder::kMtime, true).starts_with("new\nold\n"));
  outside.make_old_the_newest();
  tree.clock.later_ns = KeptTimes::kMostNs + 1;
  CHECK(tree.find("*", FileOrder::kMtime, true).starts_with("old\nnew\n"));
}

TEST_CASE("catalogue: times that are taken over for a listing with ignored files stay as old") {
  Catalogued tree(Files{{".gitignore", "*.log\n"}, {"old", ""}, {"new", ""}, {"a.log", ""}});
  const DatedOutside outside(tree);
  CHECK(tree.find("[on]*", FileOrder::kMtime, true).starts_with("new\nold\n"));
  outside.make_old_the_newest();
  tree.clock.later_ns = KeptTimes::kMostNs - 1'000'000'000;
  CHECK(tree.find("[on]*", FileOrder::kMtime, true, true).starts_with("new\nold\n"));
  tree.clock.later_ns = KeptTimes::kMostNs + 1;
  CHECK(tree.find("[on]*", FileOrder::kMtime, true, true).starts_with("old\nnew\n"));
}

}  // namespace
}  // namespace quarry::search
