#include "server/search/matcher.h"

#include <random>

#include <catch2/catch.hpp>
#include <re2/re2.h>

#include "server/search/literal.h"

namespace quarry::search {
namespace {

// "" when there is no match, else the text of the first.
std::optional<std::string> first(const Matcher& matcher, std::string_view text) {
  const auto span = matcher.find(text, 0, text.size());
  if (!span) return std::nullopt;
  return std::string(text.substr(span->begin, span->end - span->begin));
}

TEST_CASE("matcher finds as its rows say") {
  struct Row {
    const char* name;
    const char* pattern;
    MatchOptions options;
    std::string text;
    bool want;
  };
  const Row rows[] = {
      {"plain", "needle", {}, "hay needle hay", true},
      {"plain, case", "needle", {}, "hay Needle hay", false},
      {"ignore case", "needle", {.ignore_case = true}, "hay NEEDLE", true},
      {"ignore case, Unicode",
       "stra\xC3\x9F"
       "e",
       {.ignore_case = true},
       "STRA\xE1\xBA\x9E"
       "E",
       true},
      {"regex", "ne+dle", {}, "neeeedle", true},
      {"fixed", "a.b", {.fixed = true}, "axb", false},
      {"fixed", "a.b", {.fixed = true}, "a.b", true},
      {"fixed, ignore case", "A.B(", {.fixed = true, .ignore_case = true}, "a.b(", true},
      {"escaped punctuation is plain", "a\\.b", {}, "a.b", true},
      {"word", "foo", {.word = true}, "a foo b", true},
      {"word at the ends", "foo", {.word = true}, "foo", true},
      {"word in a word", "foo", {.word = true}, "foobar foo_ xfoo", false},
      {"word beside a letter that is not ASCII",
       "foo",
       {.word = true},
       "\xC3\xA9"
       "foo",
       false},
      {"word that is punctuation", "-x", {.word = true}, "a -x b", true},
      {"word, longer alternative", "foo|foobar", {.word = true}, "foobar", true},
      {"word, later on the line", "foo", {.word = true}, "foobar foo", true},
      {"a pattern that starts with - (SR-04)", "--pre=/bin/sh", {}, "x --pre=/bin/sh", true},
      {"another (SR-04)", "-f/etc/passwd", {}, "-f/etc/passwd", true},
      {"another (SR-04)", "-e", {}, "a-e", true},
      {"line start", "^b", {}, "a\nb", true},
      {"line end", "a$", {}, "a\nb", true},
      {"space does not cross a line", "a\\sb", {}, "a\nb", false},
      {"a negated class does not cross a line", "a[^x]b", {}, "a\nb", false},
      {"dot does not cross a line, even with s", "(?s)a.b", {}, "a\nb", false},
      {"multiline dot does", "a.b", {.multiline = true}, "a\nb", true},
      {"multiline break", "a\\nb", {.multiline = true}, "a\nb", true},
      {"multiline line start", "^b", {.multiline = true}, "a\nb", true},
      {"unicode class", "\\pL+x", {}, "\xC3\xA9x", true},
      {"bytes that are not UTF-8 do not hide what follows", "foo", {}, "\xFF\xFE foo", true},
      {"empty", "", {}, "a", true},
  };
  for (const Row& row : rows) {
    INFO(row.name << ": " << row.pattern);
    const auto matcher = Matcher::compile(row.pattern, row.options);
    REQUIRE(matcher);
    CHECK(matcher->note().empty());
    CHECK(first(*matcher, row.text).has_value() == row.want);
  }
}

TEST_CASE("matcher takes an invalid regex as plain text and says so") {
  for (const char* pattern : {"foo(", "a)(b", "[abc", "*x", "a**", "\\"}) {
    INFO(pattern);
    const auto matcher = Matcher::compile(pattern, {});
    REQUIRE(matcher);
    CHECK(matcher->note().find("searched as plain text") != std::string::npos);
    CHECK(first(*matcher, std::string("xx ") + pattern + " yy") == pattern);
  }
  const auto word = Matcher::compile("a)(b", {.word = true});
  REQUIRE(word);
  CHECK(first(*word, "ab") == std::nullopt);
}

TEST_CASE("matcher refuses what it cannot search, and says why (SR-02, SR-03, SR-05, SR-06)") {
  struct Row {
    const char* name;
    std::string pattern;
    const char* want;
  };
  const Row rows[] = {
      {"repeat size", "x{1001}", "repetition"},
      {"nested repeats", "((x{1,30}){1,30}){1,30}", "repetition"},
      {"too large", "\\pL{500}", "too large"},
      {"look-ahead", "foo(?=bar)", "look-around"},
      {"look-behind", "(?<=foo)bar", "look-around"},
      {"back-reference", "(a)\\1", "back-reference"},
      {"any byte", "a\\Cb", "\\C"},
      {"over 4 KiB", std::string(4097, 'a'), "4096"},
      {"nesting", std::string(251, '(') + "a" + std::string(251, ')'), "250"},
      {"100,000 groups", std::string(100'000, '('), "4096"},
      {"4,000 groups", std::string(4000, '('), "250"},
      {"not UTF-8", "a\xFF+", "UTF-8"},
      {"a line break", "a\\nb", "multiline=true"},
      {"a literal line break", "a\nb", "multiline=true"},
      {"NUL", std::string("a\0b", 3), "NUL"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto matcher = Matcher::compile(row.pattern, {});
    REQUIRE_FALSE(matcher);
    CHECK(matcher.error().code == Code::kInvalidArgs);
    INFO(matcher.error().message);
    CHECK(matcher.error().message.find(row.want) != std::string::npos);
    CHECK(matcher.error().message.size() < 400);
  }
  CHECK(Matcher::compile(std::string(4096, 'a'), {}));
  CHECK(Matcher::compile(std::string(250, '(') + "a" + std::string(250, ')'), {}));
  std::string alternatives = "a";
  for (int i = 0; i < 2000; ++i) alternatives += "|b";
  CHECK(Matcher::compile(alternatives, {}));
}

TEST_CASE("matcher is linear on patterns that are not elsewhere (SR-01)") {
  const std::string line(100'000, 'a');
  std::string optional;
  for (int i = 0; i < 30; ++i) optional += "a?";
  optional += std::string(30, 'a');
  struct Row {
    std::string pattern;
    bool want;
  };
  const Row rows[] = {{"(a+)+$", true},
                      {"(a|a)*b", false},
                      {"(.*)*x", false},
                      {"(a?){30}a{30}", true},
                      {optional, true}};
  for (const Row& row : rows) {
    INFO(row.pattern);
    const auto matcher = Matcher::compile(row.pattern, {});
    REQUIRE(matcher);
    CHECK(matcher->find(line, 0, line.size()).has_value() == row.want);
  }
}

TEST_CASE("what is required of every match is in every match") {
  struct Row {
    const char* pattern;
    const char* want;
  };
  const Row rows[] = {
      {"foobar", "foobar"},
      {"kmalloc\\(.*GFP_ATOMIC", "GFP_ATOMIC"},
      {"foob?ar", "foo"},
      {"foo+bar", "foo"},
      {"abc*defg", "defg"},
      {"abcd{2,3}efghi", "efghi"},
      {"foo{a|b}", ""},
      {"foo|bar", ""},
      {"(foo|bar)_init", "_init"},
      {"[abc]def\\d+", "def"},
      {"\\bmutex_lock\\b", "mutex_lock"},
      {"\\x41foo", "foo"},
      {"\\p{Greek}abc\\pLdef", "abc"},
      {"(?i)foobar", ""},
      {"\\Qa*b\\Efoo", ""},
      {"ab", ""},
      {"(abcdef", ""},
      {"caf\xC3\xA9*xyz", "caf"},
  };
  for (const Row& row : rows) {
    INFO(row.pattern);
    CHECK(required_literal(row.pattern) == row.want);
  }
  // Against the library itself, on patterns and texts of few characters.
  std::mt19937 random(11);
  const char* const pieces[] = {"abc", "a",   "b", "c", ".",    "*",   "+",
                                "?",   "|",   "(", ")", "[ab]", "{2}", "{1,}",
                                "\\.", "\\w", "^", "$", "bca",  "{",   "\\b"};
  std::size_t matched = 0;
  std::size_t with_literal = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string pattern;
    for (std::size_t n = 1 + random() % 6; n > 0; --n)
      pattern += pieces[random() % std::size(pieces)];
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 regex(pattern, quiet);
    if (!regex.ok()) continue;
    const std::string literal = required_literal(pattern);
    with_literal += literal.empty() ? 0 : 1;
    for (int t = 0; t < 20; ++t) {
      std::string text;
      for (std::size_t n = random() % 10; n > 0; --n) text += pieces[random() % 4];
      if (t % 4 == 0) text += ".{";
      if (!re2::RE2::PartialMatch(text, regex)) continue;
      ++matched;
      INFO(pattern << " on " << text);
      REQUIRE(text.find(literal) != std::string::npos);
    }
  }
  CHECK(matched > 5000);
  CHECK(with_literal > 500);
}

TEST_CASE("matcher with a required literal finds what the regex alone finds") {
  std::mt19937 random(5);
  const char* const patterns[] = {"abc\\s*$", "^abc",      "x.*abc",  "abc|abd", "abc\\b",
                                  "[ab]bca+", "\\babc\\b", "a\\.bc?", "abc.abc"};
  const char* const pieces[] = {"abc", "abd", " ", "\n", "x", "bca", "a.b", "\n\n"};
  for (const char* pattern : patterns) {
    for (const bool word : {false, true}) {
      const auto matcher = Matcher::compile(pattern, {.word = word});
      REQUIRE(matcher);
      const std::string body =
          word ? "(?:^|[^0-9A-Za-z_\n])(?:" + std::string(pattern) + ")(?:$|[^0-9A-Za-z_\n])"
               : pattern;
      re2::RE2::Options options;
      options.set_never_nl(true);
      const re2::RE2 regex("(?m)" + body, options);
      for (int i = 0; i < 300; ++i) {
        std::string text;
        for (std::size_t n = random() % 12; n > 0; --n)
          text += pieces[random() % std::size(pieces)];
        re2::StringPiece found;
        const bool want = regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &found, 1);
        const auto span = matcher->find(text, 0, text.size());
        INFO(pattern << " word=" << word << " on " << text);
        REQUIRE(span.has_value() == want);
        if (want) CHECK(span->begin == static_cast<std::size_t>(found.data() - text.data()));
      }
    }
  }
}

}  // namespace
}  // namespace quarry::search
