// The content index under a live watch beside a plain scan: whatever was written, made, moved or
// removed, the next grep must say the same by either.

#include <cstdlib>
#include <deque>

#include "tests/search/catalogued.h"

namespace quarry::search {
namespace {

// Works are run when the test says so.
class StepByStep final : public Background {
 public:
  void after(std::chrono::milliseconds, std::function<void()> work) override {
    works_.push_back(std::move(work));
  }
  bool step() {
    if (works_.empty()) return false;
    const std::function<void()> work = std::move(works_.front());
    works_.pop_front();
    work();
    return true;
  }

 private:
  std::deque<std::function<void()>> works_;
};

// QUARRY_LONG_TESTS=1 asks for the long run, a larger number for that many rounds.
int rounds() {
  const char* wanted = std::getenv("QUARRY_LONG_TESTS");
  const int number = wanted == nullptr ? 0 : std::atoi(wanted);
  if (number == 1) return 50'000;
  return number > 1 ? number : 800;
}

// Without the line about what the index was good for.
std::string answer_of(std::string text) {
  const std::size_t note = text.find("note: read every file");
  if (note != std::string::npos) text.erase(note, text.find('\n', note) + 1 - note);
  return text;
}

// With `links` files get more names; then the watch is drained after each change: a name that came,
// was written through and went before that would leave nothing to be known by.
void check_rounds(int count, bool flood, bool links) {
  const unsigned seed = std::random_device()();
  StepByStep background;
  SystemClock clock;
  const auto store = store::Store::in_memory();
  Indexer indexer({background, *store, clock, std::size_t{1} << 24U});
  Catalogued tree({{"quiet/one.txt", "straw\n"}, {"quiet/two.txt", "straw\n"}}, {}, &indexer);
  Changer changer(tree.files, seed);
  for (int round = 0; round < count; ++round) {
    const std::string history = !links                  ? changer.some_changes(flood)
                                : changer.below(4) == 0 ? changer.link()
                                                        : changer.change();
    if (links) (void)tree.now();
    INFO("seed " << seed << ", round " << round << ": " << history);
    static constexpr const char* kPatterns[] = {"needle one",    "needle \\w+", "straw",
                                                "needle [0-9]7", "again|deep",  "absent"};
    const char* const pattern = kPatterns[changer.below(6)];
    const std::string by_index = answer_of(tree.grep(pattern, ".", true));
    const std::string scanned = tree.grep(pattern, ".", false);
    if (by_index != scanned) {
      CHECK(by_index == scanned);
      FAIL("the index hides what is there, or holds what is not");
    }
    indexer.learn(tree.catalogue);
    // Learning may be anywhere on its way when the next change comes.
    for (int i = changer.below(4); i > 0 && background.step(); --i) {
    }
    tree.settle();
  }
  const ContentIndex::Stats stats = tree.catalogue->contents()->stats();
  INFO(stats.sifted << " searches read less, " << stats.files << " files known");
  // After a loss all is read until it is known again.
  CHECK(stats.sifted > static_cast<std::uint64_t>(count) / (flood ? 10 : 4));
  while (background.step()) {
  }
}

TEST_CASE("content index: an answer says when the index could not help, and only then") {
  StepByStep background;
  SystemClock clock;
  const auto store = store::Store::in_memory();
  Indexer indexer({background, *store, clock, std::size_t{1} << 24U});
  Catalogued tree({{"a", "needle one\n"}, {"b", "straw\n"}}, {}, &indexer);
  const auto said = [&](const char* pattern) {
    const std::string text = tree.grep(pattern, ".", true);
    const std::size_t note = text.find("note: read every file: ");
    return note == std::string::npos ? std::string() : text.substr(note + 23);
  };
  CHECK(said("n.") == "");  // there is none yet
  REQUIRE(tree.now());
  indexer.learn(tree.catalogue);
  while (background.step()) {
  }
  CHECK(said("needle") == "");
  CHECK(said("n.") == "no text of 3 characters is in all matches for the index\n");
  CHECK(said("needle|s") == "no text of 3 characters is in all matches for the index\n");
}

TEST_CASE("content index under a watch: the next grep says what a scan says") {
  check_rounds(rounds(), false, false);
}

TEST_CASE("content index under a watch: what is written through another name is found") {
  check_rounds(rounds(), false, true);
}

TEST_CASE("content index under a watch that loses events: the next grep says what a scan says") {
  check_rounds(std::max(40, rounds() / 50), true, false);
}

}  // namespace
}  // namespace quarry::search
