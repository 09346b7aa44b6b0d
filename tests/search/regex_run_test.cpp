#include "server/search/regex_run.h"

#include <random>

#include "server/search/engines.h"
#include "server/search/pattern_measure.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

std::string random_text(std::size_t bytes, std::string_view letters) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < bytes) text.push_back(letters[random() % letters.size()]);
  return text;
}

struct Made {
  explicit Made(const char* pattern)
      : tokens(read_pattern(pattern)), regex(make_regex(tokens, Dialect::kAscii, {})) {
    REQUIRE(regex != nullptr);
    REQUIRE(regex->ok());
  }
  RunnableRegex runnable() const { return {*regex, measure_pattern(tokens).longest / 4}; }

  std::vector<Token> tokens;
  std::unique_ptr<re2::RE2> regex;
};

// How much was given to RE2 between two looks: no more than a dose, and what is left of one.
TEST_CASE("regex run asks whether to stop in each dose of a text that is slow") {
  const char* const patterns[] = {"(.{0,90}1.{90}|.{0,80}0.{90}){2}zq", "1.*0.{100}z",
                                  "(1|10|0)*z"};
  const std::string text = random_text(200'000, "01");
  for (const char* pattern : patterns) {
    INFO(pattern);
    const Made made(pattern);
    TickingClock clock;
    const CancelToken token(clock, 1'000'000'000'000'000);
    const Stop stop(token, clock);
    MatchScratch scratch(&stop);
    const std::int64_t began_ns = clock.now_ns;
    CHECK_FALSE(regex_finds(made.runnable(), text, {0, text.size()}, scratch));
    const auto looks = static_cast<std::size_t>((clock.now_ns - began_ns) / 1'000'000);
    const std::size_t most = std::max<std::size_t>(8 << 10, regex_dose(*made.regex, scratch));
    CHECK(looks * most + most >= text.size() / 4);
    // Cancelled at a look, it does no more.
    CancelToken cancelled(clock, 1'000'000'000'000'000);
    cancelled.cancel();
    const Stop now(cancelled, clock);
    MatchScratch stopping(&now);
    stopping.regex.credit = 1;
    CHECK_FALSE(regex_finds(made.runnable(), text, {0, text.size()}, stopping));
    CHECK(stopping.stopped);
    CHECK(stopping.over_limit == 0);
  }
}

TEST_CASE("regex run finds in pieces what RE2 finds in one, where matches are short") {
  std::mt19937 random(5);
  const char* const patterns[] = {"a[bc]{3}", "a.{0,12}c{2,3}b?", "(ab|c){1,4}a?\\b", "b$",
                                  "c{4}",     "b[^b]{9}c|cc"};
  for (const char* pattern : patterns) {
    const Made made(pattern);
    for (int round = 0; round < 40; ++round) {
      std::string text = random_text(20'000, "abc ");
      std::rotate(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(random() % text.size()),
                  text.end());
      const std::size_t from = random() % text.size();
      re2::StringPiece want;
      const bool found = made.regex->Match(text, from, text.size(), re2::RE2::UNANCHORED, &want, 1);
      MatchScratch scratch;
      // As if it had been seen to be slow.
      scratch.regex.judged = made.regex.get();
      scratch.regex.to = text.size();
      scratch.regex.slow_ns = 4'000'000;
      const auto got = regex_match(made.runnable(), text, from, text.size(), scratch);
      INFO(pattern << " from " << from);
      REQUIRE(got.has_value() == found);
      CHECK(scratch.over_limit == 0);
      CHECK(scratch.in_pieces == 0);
      if (!found) continue;
      CHECK(got->begin == static_cast<std::size_t>(want.data() - text.data()));
      CHECK(got->end - got->begin == want.size());
    }
  }
}

TEST_CASE("regex run says when a match may be longer than a piece") {
  const Made made("a.*b.*c");
  const std::string text = "a" + std::string(400'000, '-') + "b" + std::string(400'000, '-') + "c";
  const auto run = [&](std::string_view in, MatchScratch& scratch) {
    scratch.regex.judged = made.regex.get();
    scratch.regex.to = in.size();
    scratch.regex.slow_ns = 1000;
    return regex_finds(made.runnable(), in, {0, in.size()}, scratch);
  };
  MatchScratch missed;
  CHECK_FALSE(run(text, missed));
  CHECK(missed.over_limit == 1);
  MatchScratch found;
  CHECK(run(text + "abc" + text, found));
  CHECK(found.over_limit == 0);
  CHECK(found.in_pieces == 1);
  MatchScratch fast;
  CHECK(regex_finds(made.runnable(), text, {0, text.size()}, fast));
  CHECK(fast.over_limit == 0);
}

TEST_CASE("the longest match of a pattern is told as the rows say") {
  struct Row {
    const char* pattern;
    std::size_t want;  // characters
  };
  const Row rows[] = {
      {"abc", 3},
      {"a|bcd|e", 3},
      {"[ab]{2,5}\\w", 6},
      {"(a|bc){3}x?", 7},
      {"^a\\b$", 1},
      {"a(?=bcd)", 1},
      {"(?:){5}a", 1},
      {"(?:\\b)*a", 1},
      {"a*", SIZE_MAX},
      {"(a{2,}|b)", SIZE_MAX},
      {"(a)\\1", SIZE_MAX},
      {"a)b", SIZE_MAX},
      {"(.{90}){90}", 8100},
  };
  for (const Row& row : rows) {
    INFO(row.pattern);
    const std::size_t got = measure_pattern(read_pattern(row.pattern)).longest;
    CHECK(got == (row.want == SIZE_MAX ? kAnyLength : row.want * 4));
  }
}

}  // namespace
}  // namespace quarry::search
