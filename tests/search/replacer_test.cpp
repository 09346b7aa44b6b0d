#include "server/search/replacer.h"

#include <catch2/catch.hpp>

namespace quarry::search {
namespace {

using Catch::Contains;

std::string replaced(std::string_view text, std::string_view pattern, std::string_view with,
                     bool regex = true, std::size_t budget = 1 << 20) {
  const auto replacer = Replacer::compile(pattern, with, regex);
  if (!replacer) return "error: " + replacer.error().message;
  MatchScratch scratch;
  const auto places = (*replacer)->replace(text, budget, scratch);
  if (!places) return "error: " + places.error().message;
  std::string out;
  std::size_t at = 0;
  for (const ReplacedPlace& place : *places) {
    out.append(text.substr(at, place.begin - at)).append(place.with);
    at = place.end;
  }
  return out.append(text.substr(at));
}

struct Replacement {
  const char* text;
  const char* pattern;
  const char* with;
  const char* want;
};

TEST_CASE("replacer: plain text on both sides") {
  const Replacement rows[] = {
      {"a.b a+b", "a+b", "$& $1 \\0 \\1 ${x}", "a.b $& $1 \\0 \\1 ${x}"},
      {"aaa", "aa", "b", "ba"},
      {"one\ntwo\nthree\n", "one\ntwo", "1", "1\nthree\n"},
      {"x", "x", "", ""},
      {"\u00E4\u00F6", "\u00F6", "oe", "\u00E4oe"},
      {"none", "x", "y", "none"},
      {"", "x", "y", ""},
  };
  for (const Replacement& row : rows) {
    INFO(row.pattern);
    CHECK(replaced(row.text, row.pattern, row.with, false) == row.want);
  }
}

TEST_CASE("replacer: references to groups, and what is none") {
  const Replacement rows[] = {
      {"foo(1, 2)", R"(foo\((\d+), (\d+)\))", "bar($2, ${1})", "bar(2, 1)"},
      {"foo(1, 2)", R"(foo\((\d+), (\d+)\))", R"(bar(\2, \g<1>))", "bar(2, 1)"},
      {"key=v", R"((?P<k>\w+)=(?P<v>\w+))", R"(${v}=\g<k>)", "v=key"},
      {"abc", "b", "[$0$&\\0]", "a[bbb]c"},
      {"abc", "(b)", "$10", "ab0c"},  // one group: the 0 is text
      {"abc", "b", "$$1 $name $ \\n \\", "a$1 $name $ \\n \\c"},
      {"abc", "(b)", R"(\\1 \\x)", R"(a\1 \\xc)"},
      {"ab", "(a)|(b)", "<$1$2>", "<a><b>"},
      {"gr\u00F6\u00DFe(1)", R"((\w+)\((\d)\))", "$2:$1", "1:gr\u00F6\u00DFe"},
  };
  for (const Replacement& row : rows) {
    INFO(row.with);
    CHECK(replaced(row.text, row.pattern, row.with) == row.want);
  }
}

TEST_CASE("replacer: where matches are") {
  const Replacement rows[] = {
      {"abxc", "x*", "-", "-a-b-c-"},
      {"a\nb\n", "^", "> ", "> a\n> b\n"},
      {"a;\nb;\n", ";$", "", "a\nb\n"},
      {"foo foobar", R"(\bfoo\b)", "x", "x foobar"},
      {"caf\u00E9 caf", R"(caf\b)", "x", "caf\u00E9 x"},
      {"\u00E9foo", "\u00E9|\\bfoo", "x", "xfoo"},  // no word begins behind what was replaced
      {"a1\nb2\n", R"((\w)\d\n(\w))", "$1$2", "ab2\n"},
      {"aXb\nXc", "a.*c", "", "aXb\nXc"},  // . matches no line break
      {"aXb\nXc", "a.*\\nX", "", "c"},     // nor when the pattern has one
      {"aXb\nXc", "(?s)a.*\\nX", "", "c"},
  };
  for (const Replacement& row : rows) {
    INFO(row.pattern);
    CHECK(replaced(row.text, row.pattern, row.with) == row.want);
  }
}

TEST_CASE("replacer: refuses what has no meaning, and what would grow beyond bounds (SR-14)") {
  const Replacement rows[] = {
      {"", "", "x", "'pattern' is empty"},
      {"", "(a", "x", "not valid in RE2's syntax"},
      {"", "(?=a)", "x", "not valid in RE2's syntax"},
      {"", "(a)", "$99", "refers to '$9', which is no group of the pattern (1 group)"},
      {"", "(a)", "${2}", "refers to '${2}'"},
      {"", "(a)", "${name}", "refers to '${name}'"},
      {"", "a", "\\1", "refers to '\\1'"},
  };
  for (const Replacement& row : rows) {
    INFO(row.with);
    CHECK_THAT(replaced("a", row.pattern, row.with),
               Catch::StartsWith("error: ") && Contains(row.want));
  }
  const std::string big(10 << 20, 'x');
  CHECK_THAT(replaced(std::string(100, 'a'), "a", big, true, 64 << 20),
             Contains("more than a change"));
  CHECK_THAT(replaced(std::string(1000, 'a'), "(a+)", "$1$1$1$1", true, 2000),
             Contains("more than a change"));
  CHECK_THAT(replaced(std::string(1'000'000, 'a'), "a", "", false), Contains("more than a change"));
}

}  // namespace
}  // namespace quarry::search
