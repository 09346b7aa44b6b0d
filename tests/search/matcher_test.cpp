#include "server/search/matcher.h"

#include <catch2/catch.hpp>

#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

// Nothing when there is no match, else the text of the first.
std::optional<std::string> first(const Matcher& matcher, std::string_view text) {
  MatchScratch scratch;
  Span within{0, text.size()};
  if (!matcher.multiline()) {
    const auto line = matcher.find_line(text, 0, text.size(), scratch);
    if (!line) return std::nullopt;
    within = *line;
  }
  const auto span = matcher.find(text, within.begin, within.end, scratch);
  REQUIRE((span || matcher.multiline()));
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
      {"look-ahead", "foo(?=bar)", {}, "foobaz foobar", true},
      {"look-ahead, not there", "foo(?=bar)", {}, "foobaz", false},
      {"negative look-ahead", "foo(?!bar)", {}, "foobar", false},
      {"look-behind", "(?<=foo)bar", {}, "a\nfoobar", true},
      {"look-behind sees no other line", "(?<=foo\\s)bar", {}, "foo\nbar", false},
      {"negative look-behind", "(?<!foo)bar", {}, "foobar", false},
      {"back-reference", "(\\w+) \\1\\b", {}, "the the", true},
      {"back-reference, not there", "(\\w+) \\1\\b", {}, "the thee", false},
      {"back-reference by name", "(?P<q>['\"]).*\\k<q>", {}, "x 'y'", true},
      {"atomic group", "(?>a+)b", {}, "aab", true},
      {"possessive", "a++b", {}, "aab", true},
      {"group named as others do", "(?<n>foo)", {}, "foo", true},
      {"look-around, ignore case", "FOO(?=BAR)", {.ignore_case = true}, "foobar", true},
      {"look-around, word", "foo(?=.)", {.word = true}, "foobar foo.", true},
      {"look-around, multiline", "foo(?=\\nbar)", {.multiline = true}, "foo\nbar", true},
      {"\\w is Unicode's", "^\\w+$", {}, "caf\xC3\xA9", true},
      {"\\w in a class", "^[\\w-]+$", {}, "caf\xC3\xA9-x", true},
      {"\\W", "caf\\W", {}, "caf\xC3\xA9", false},
      {"\\W in a class", "^caf[\\W_]x", {}, "caf\xC2\xA7x", true},
      {"word characters but one", "^[^\\W_]+$", {}, "caf\xC3\xA9", true},
      {"word characters but one, not there", "^[^\\W_]+$", {}, "caf\xC3\xA9_", false},
      {"word characters but one, ASCII", "^[^\\W_]+$", {}, "cafe_", false},
      {"\\b is Unicode's", "\\bcaf\\b", {}, "caf\xC3\xA9", false},
      {"\\b behind a letter", "caf\xC3\xA9\\b", {}, "caf\xC3\xA9 x", true},
      {"\\B", "caf\\B", {}, "caf\xC3\xA9", true},
      {"\\d", "^\\d+$", {}, "\xD9\xA3", true},
      {"\\s",
       "a\\sb",
       {},
       "a\xC2\xA0"
       "b",
       true},
      {"\\s has the vertical tab", "a\\sb", {}, "a\vb", true},
      {"\\S",
       "a\\Sb",
       {},
       "a\xC2\xA0"
       "b",
       false},
      {"folding, Kelvin", "k", {.ignore_case = true}, "\xE2\x84\xAA", true},
      {"folding, Greek", "\xCE\xA3", {.ignore_case = true}, "\xCF\x82", true},
      {"a letter far from the start of its line",
       "b\\w+d\\b",
       {},
       std::string(300, 'x') + "\xC3\xA9\nbcd\n",
       true},
  };
  for (const Row& row : rows) {
    INFO(row.name << ": " << row.pattern);
    const auto matcher = Matcher::compile(row.pattern, row.options);
    REQUIRE(matcher);
    CHECK((*matcher)->note().empty());
    CHECK(first(**matcher, row.text).has_value() == row.want);
  }
}

TEST_CASE("matcher takes an invalid regex as plain text and says so") {
  for (const char* pattern : {"foo(", "a)(b", "[abc", "*x", "a**", "\\"}) {
    INFO(pattern);
    const auto matcher = Matcher::compile(pattern, {});
    REQUIRE(matcher);
    CHECK((*matcher)->note().find("searched as plain text") != std::string::npos);
    CHECK(first(**matcher, std::string("xx ") + pattern + " yy") == pattern);
  }
  const auto word = Matcher::compile("a)(b", {.word = true});
  REQUIRE(word);
  CHECK(first(**word, "ab") == std::nullopt);
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

TEST_CASE("matcher takes code points as ripgrep does, and refuses operations of classes") {
  SearchedTree tree(std::map<std::string, std::string>{{"f", "caf\xC3\xA9\nback\\u00e9\n"}});
  for (const char* pattern : {"f\\u00e9", "f\\u{e9}", "f\\U000000e9", "f[\\u00e8-\\u00ea]$"}) {
    INFO(pattern);
    CHECK_THAT(tree.grep(pattern), Catch::Contains("\n1:caf") && Catch::Contains("\n1 match"));
  }
  CHECK_THAT(tree.grep("k\\\\u00e9"), Catch::Contains("\n2:back"));
  CHECK_THAT(tree.grep("[a-z&&[^aeiou]]"), Catch::Contains("error: pattern uses && within [ ]"));
  for (const char* pattern : {"[[a-c]x]$", "[x[a-c]]", "[[a-c]&&[b]]", "[^[]]"}) {
    INFO(pattern);
    CHECK_THAT(tree.grep(pattern), Catch::Contains("error: pattern ") && Catch::Contains("[ ]"));
  }
  for (const char* pattern : {"[[:alpha:]]", "[a[]", "[a\\[]", "[^[\\]]", "[[:alpha:][]c|caf"}) {
    INFO(pattern);
    CHECK_THAT(tree.grep(pattern), Catch::Contains("1:caf"));
  }
  CHECK_THAT(tree.grep("[a&]"), Catch::Contains("1:caf"));
  CHECK_THAT(tree.grep("[a\\&&b]"), Catch::Contains("1:caf"));
  CHECK_THAT(tree.grep("(?=a)(?:(?:(?:abcdefghij){1000}){1000}){1000}"),
             Catch::Contains("error: pattern refused: "));
}

TEST_CASE("matcher says when it cannot take a pattern by Unicode's rules") {
  SearchedTree tree(std::map<std::string, std::string>{{"f", "\xE6\x97\xA5\nabc\n"}});
  const std::string note = "note: no engine takes this pattern by Unicode's rules";
  CHECK_THAT(tree.grep("(?P<a_name_of_more_than_thirty_two_characters>\\w+)\\b"),
             Catch::Contains("2:abc") && Catch::Contains(note));
  CHECK_THAT(tree.grep("(?P<a_name>\\w+)\\b"),
             Catch::Contains("2 matches") && !Catch::Contains(note));
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
    MatchScratch scratch;
    CHECK((*matcher)->find_line(line, 0, line.size(), scratch).has_value() == row.want);
  }
}

}  // namespace
}  // namespace quarry::search
