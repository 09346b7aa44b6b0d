#include "server/edit/locate.h"

#include <chrono>
#include <random>

#include <catch2/catch.hpp>

namespace quarry::edit {
namespace {

using Catch::Contains;

const SystemClock kClock;

std::string edited(std::string_view text, std::vector<Replacement> edits) {
  const auto located = locate(text, edits, CancelToken(kClock));
  return located ? spliced(text, located->splices) : "error: " + located.error().message;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST_CASE("locate: replaces what is there once, and all when told to") {
  CHECK(edited("a b c\n", {{"b", "x"}}) == "a x c\n");
  CHECK(edited("aXbXc", {{"X", "--", true}}) == "a--b--c");
  CHECK(edited("aaa", {{"aa", "b", true}}) == "ba");
  CHECK(edited("one\ntwo\nthree\n", {{"two\n", ""}}) == "one\nthree\n");
  CHECK(edited("x", {{"x", "$& \\1 $1 \\0"}}) == "$& \\1 $1 \\0");
}

TEST_CASE("locate: says where an ambiguous text is") {
  const std::string text = "a\nb\na\nc\na\n";
  CHECK_THAT(edited(text, {{"a", "x"}}),
             Contains("3 times, on lines 1, 3, 5") && Contains("replace_all"));
  std::string many;
  for (int i = 0; i < 50; ++i) many += "same\n";
  CHECK_THAT(edited(many, {{"same", "x"}}), Contains("9, 10 and 40 more"));
}

TEST_CASE("locate: edits are made one after the other, all or none, and the error names its own") {
  CHECK(edited("a b", {{"a", "b2"}, {"b2", "c"}, {"b", "d"}}) == "c d");
  CHECK(edited("abc", {{"b", "x"}, {"axc", "y"}}) == "y");
  CHECK(edited("one two three", {{"two", "2"}, {"one", "1"}, {"three", "3"}}) == "1 2 3");
  CHECK_THAT(edited("a b", {{"a", "x"}, {"nope", "y"}}), Contains("edit 2 of 2: "));
  CHECK_THAT(edited("a b", {{"a", "x"}, {"", "y"}}), Contains("edit 2 of 2: old_string is empty"));
  CHECK_THAT(edited("a b", {{"a", "a"}}), Contains("the same"));
}

TEST_CASE("locate: untouched bytes are in no splice") {
  const auto located = locate("keep\r\nold\rkeep\n\xFFkeep",
                              std::vector<Replacement>{{"old", "new"}}, CancelToken(kClock));
  REQUIRE(located);
  REQUIRE(located->splices.size() == 1);
  CHECK((located->splices[0] == Splice{.begin = 6, .end = 9, .with = "new"}));
  CHECK(located->replacements == 1);
}

TEST_CASE("locate: a line end matches any, and the new text takes those of the lines it replaces") {
  CHECK(edited("a\r\nb\r\nc\r\n", {{"a\nb", "x\ny"}}) == "x\r\ny\r\nc\r\n");
  CHECK(edited("a\r\nb\r\nc\r\n", {{"a\r\nb", "x\r\ny\r\nz"}}) == "x\r\ny\r\nz\r\nc\r\n");
  CHECK(edited("a\rb\rc", {{"b", "x\ny"}}) == "a\rx\ry\rc");
  // Mixed: line by line.
  CHECK(edited("a\r\nb\nc\r\n", {{"a\nb\nc\n", "1\n2\n3\n"}}) == "1\r\n2\n3\r\n");
  // The last line has none: the one before says.
  CHECK(edited("a\r\nb", {{"b", "x\ny"}}) == "a\r\nx\r\ny");
  CHECK(edited("ab", {{"b", "x\ny"}}) == "ax\ny");
  // Removing one of the two bytes of a line end is no edit.
  CHECK(edited("a\r\nb", {{"a\nb", "ab"}}) == "ab");
}

TEST_CASE("locate: a line that stays keeps its end, whatever is put around it") {
  CHECK(edited("a\r\nb\nc\r\n", {{"a\nb\nc\n", "a\nx\nb\nc\n"}}) == "a\r\nx\r\nb\nc\r\n");
  CHECK(edited("a\r\nb\nc\r\n", {{"a\nb\nc", "b\nc"}}) == "b\nc\r\n");
  CHECK(edited("a\nb\r\nc\n", {{"a\nb\nc\n", "x\na\nb\nc\ny\n"}}) == "x\na\nb\r\nc\ny\n");
  CHECK(edited("a\nb\r\nc\nd\r\n", {{"a\nb\nc\n", "1\nb\n2\n3\n"}}) == "1\nb\r\n2\n3\nd\r\n");
  // The last old line's own end lies behind the text.
  CHECK(edited("a\nb\r\n", {{"a\nb", "a\nb\nc"}}) == "a\nb\r\nc\r\n");
}

TEST_CASE("locate: a carriage return within a line is a character of it") {
  const std::string text = "one\rtwo\nthree\nfour\n";
  CHECK(edited(text, {{"e\rt", "e\r\rt"}}) == "one\r\rtwo\nthree\nfour\n");
  CHECK(edited(text, {{"one", "one\nnew"}}) == "one\nnew\rtwo\nthree\nfour\n");
  // As line ends only where nothing else fits, and then it stays.
  CHECK(edited(text, {{"one\ntwo", "1\n2"}}) == "1\r2\nthree\nfour\n");
  CHECK(edited("a\rb\na\nb\n", {{"a\nb", "x"}}) == "a\rb\nx\n");
  // Lines have the numbers that a reader sees.
  CHECK_THAT(edited("a\rb\na\nb\n", {{"b", "x"}}), Contains("on lines 1, 3;"));
  CHECK_THAT(edited("a\rb\ntree of\n", {{"three of", "x"}}), Contains("closest is at line 2"));
  CHECK_THAT(edited("a\rb\ra\rb", {{"b", "x"}}), Contains("on lines 2, 4;"));
  CHECK_THAT(edited("one\rtwo three\n", {{"one two three", "x"}}),
             Contains("a carriage return (U+000D)") && Contains("one<U+000D>two three"));
}

TEST_CASE("locate: an old text that an edit before it changes is said to be") {
  CHECK_THAT(edited("a = 1;\nb = 2;\n", {{"a = 1;", "a = 3;"}, {"a = 1;\nb", "c"}}),
             Contains("edit 2 of 2: an edit before it changes its old_string; give the text as"));
}

TEST_CASE("locate: random edits are what replacing in a plain string is") {
  std::mt19937 random(20261123);
  const auto below = [&](int bound) {
    return std::uniform_int_distribution<int>(0, bound - 1)(random);
  };
  const auto text_of = [&](int length) {
    std::string text;
    for (int i = 0; i < length; ++i) text.push_back("ab\n"[below(3)]);
    return text;
  };
  int good = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string text = text_of(below(40));
    std::string want = text;
    std::vector<std::string> words;
    std::vector<Replacement> edits;
    const int count = 1 + below(4);
    for (int i = 0; i < count; ++i) {
      words.push_back(text_of(1 + below(3)));
      words.push_back(text_of(below(4)));
    }
    bool possible = true;
    for (int i = 0; i < count; ++i) {
      const std::string& from = words[static_cast<std::size_t>(2 * i)];
      const std::string& to = words[static_cast<std::size_t>(2 * i + 1)];
      possible = possible && from != to && want.find(from) != std::string::npos;
      edits.push_back({from, to, true});
      if (possible) want = replaced(want, from, to);
    }
    INFO(round << ": " << text);
    // The same text with another line end gives the same lines.
    const std::string got = edited(text, edits);
    const std::string dos = edited(replaced(text, "\n", "\r\n"), edits);
    if (!possible) {
      CHECK_THAT(got, Catch::StartsWith("error: "));
      continue;
    }
    ++good;
    CHECK(got == want);
    if (text.find('\n') != std::string::npos) CHECK(replaced(dos, "\r\n", "\n") == want);
  }
  CHECK(good > 500);
}

TEST_CASE("locate: many places in one long line cost one look at it") {
  std::string text = "first\r\n";
  for (int i = 0; i < 100'000; ++i) text += "ab";
  const auto begin = std::chrono::steady_clock::now();
  const std::string after = edited(text, {{"a", "\n", true}});
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  CHECK(after.size() == 7 + 300'000);
  CHECK(after.substr(0, 13) == "first\r\n\r\nb\r\nb");
  CancelToken stopped(kClock);
  stopped.cancel();
  const std::vector<Replacement> all{{"a", "\n", true}};
  CHECK(locate(text, all, stopped).error().code == Code::kCancelled);
}

TEST_CASE("locate: a long text of one character is looked for once, not at every place") {
  // Compared at every place it takes minutes, more than a test may.
  const std::string text(std::size_t{32} << 20U, ' ');
  const std::string blanks(std::size_t{2} << 20U, ' ');
  CHECK_THAT(edited(text, {{blanks + "x", "y"}}), Contains("old_string is not in the file"));
  CHECK(edited(text + "x", {{blanks + "x", "y"}}).size() == text.size() - blanks.size() + 1);
}

TEST_CASE("locate: says that a text was escaped once too often") {
  CHECK_THAT(edited("one\n\ttwo \"x\"\n", {{"one\\n\\ttwo \\\"x\\\"", "y"}}),
             Contains("escapes") && Contains("real line breaks"));
  CHECK_THAT(edited("quite\nanother\n", {{"one\\ntwo", "y"}}), !Contains("real line breaks"));
}

}  // namespace
}  // namespace quarry::edit
