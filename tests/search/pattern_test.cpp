#include "server/search/pattern.h"

#include <random>

#include <catch2/catch.hpp>
#include <re2/re2.h>

#include "server/search/required.h"

namespace quarry::search {
namespace {

// "a|b&c": a match has a or b, and c.
std::string shown(const Required& required) {
  std::string out;
  for (const auto& texts : required.all) {
    if (!out.empty()) out += "&";
    for (std::size_t i = 0; i < texts.size(); ++i) out += (i > 0 ? "|" : "") + texts[i];
  }
  return out;
}

TEST_CASE("what is required of every match is found as the rows say") {
  struct Row {
    const char* pattern;
    bool fold;
    const char* want;
  };
  const Row rows[] = {
      {"foobar", false, "foobar"},
      {"kmalloc\\(.*GFP_ATOMIC", false, "kmalloc(&GFP_ATOMIC"},
      {"foob?ar", false, "foo"},
      {"foo+bar", false, "foo&bar"},
      {"abc*defg", false, "defg"},
      {"abcd{2,3}efghi", false, "abcd&efghi"},
      {"foo{a|b}", false, ""},
      {"foo|bar", false, "foo|bar"},
      {"foo|ba", false, ""},
      {"(foo|bar)_init", false, "foo_init|bar_init"},
      {"(?:foo.*|bar)_init", false, "foo|bar&_init"},
      {"(foo|bar)?_init", false, "_init"},
      {"[abc]def\\d+", false, "def"},
      {"\\bmutex_lock\\b", false, "mutex_lock"},
      {"\\x41foo", false, "Afoo"},
      {"\\p{Greek}abc\\pLdef", false, "abc&def"},
      {"\\Qa*b\\Efoo", false, "a*bfoo"},
      {"ab", false, ""},
      {"caf\xC3\xA9*xyz", false, "caf&xyz"},
      {"foo(?=bar)baz", false, "foobaz"},
      {"(foo)\\1bar", false, "foo&bar"},
      {"(?i)FooBar", false, "foobar"},
      {"MUTEX_lockdep", true, "mutex_loc&dep"},
      {"(?x) foo", false, ""},
      {"a)foo", false, ""},
  };
  for (const Row& row : rows) {
    INFO(row.pattern);
    const auto tokens = read_pattern(row.pattern);
    CHECK(shown(required_of(tokens, row.fold)) == row.want);
  }
}

TEST_CASE("what is required of every match is in every match that RE2 finds") {
  std::mt19937 random(11);
  const char* const pieces[] = {"abc", "a",   "b", "c", ".",    "*",   "+",
                                "?",   "|",   "(", ")", "[ab]", "{2}", "{1,}",
                                "\\.", "\\w", "^", "$", "bca",  "{",   "\\b"};
  std::size_t matched = 0;
  std::size_t with_text = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string pattern;
    for (std::size_t n = 1 + random() % 6; n > 0; --n) {
      pattern += pieces[random() % std::size(pieces)];
    }
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 regex(pattern, quiet);
    if (!regex.ok()) continue;
    const Required required = required_of(read_pattern(pattern), false);
    with_text += required.all.empty() ? 0 : 1;
    for (int t = 0; t < 20; ++t) {
      std::string text;
      for (std::size_t n = random() % 10; n > 0; --n) text += pieces[random() % 4];
      if (t % 4 == 0) text += ".{";
      if (!re2::RE2::PartialMatch(text, regex)) continue;
      ++matched;
      INFO(pattern << " on " << text << " needs " << shown(required));
      for (const auto& texts : required.all) {
        REQUIRE(std::ranges::any_of(texts, [&](const auto& one) { return text.contains(one); }));
      }
    }
  }
  CHECK(matched > 5000);
  CHECK(with_text > 500);
}

TEST_CASE("a pattern that is read and written again means the same to RE2") {
  std::mt19937 random(3);
  const char* const pieces[] = {
      "a",        "b",   "ab",  "_",    " ",      "1",       ".",           "*",     "+?",
      "?",        "|",   "(",   ")",    "(?:",    "(?i)",    "[ab_]",       "{2}",   "\\.",
      "\\w",      "\\W", "\\d", "\\S",  "[^\\w]", "\\b",     "[\\s1]",      "\\x61", "[^\\W_]",
      "\\Qa.\\E", "^",   "$",   "[]a]", "[^]a]",  "\\x{62}", "[[:alpha:]_]"};
  std::size_t compared = 0;
  for (int i = 0; i < 8000; ++i) {
    std::string pattern;
    for (std::size_t n = 1 + random() % 6; n > 0; --n) {
      pattern += pieces[random() % std::size(pieces)];
    }
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 want("(?m)" + pattern, quiet);
    if (!want.ok()) continue;
    const re2::RE2 got(*write_pattern(read_pattern(pattern), Dialect::kAscii, {}), quiet);
    INFO(pattern << " written as " << got.pattern());
    REQUIRE(got.ok());
    for (int t = 0; t < 10; ++t) {
      std::string text;
      for (std::size_t n = random() % 8; n > 0; --n) text += "aAb_ 1.]b\n"[random() % 10];
      re2::StringPiece a;
      re2::StringPiece b;
      REQUIRE(want.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &a, 1) ==
              got.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &b, 1));
      REQUIRE(a.data() == b.data());
      REQUIRE(a.size() == b.size());
      ++compared;
    }
  }
  CHECK(compared > 10'000);
}

}  // namespace
}  // namespace quarry::search
