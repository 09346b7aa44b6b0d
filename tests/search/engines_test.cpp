// The engines of a Matcher against each other: what finds a line must not matter.

#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <re2/re2.h>

#include "server/search/matcher.h"

namespace quarry::search {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Numbers of the lines that match, found over the whole text.
std::vector<std::size_t> found(const Matcher& matcher, const std::string& text) {
  std::vector<std::size_t> numbers;
  MatchScratch scratch;
  for (std::size_t at = 0; at < text.size();) {
    const auto line = matcher.find_line(text, at, text.size(), scratch);
    if (!line) break;
    REQUIRE(line->begin >= at);
    numbers.push_back(static_cast<std::size_t>(
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(line->begin), '\n')));
    at = line->end + 1;
  }
  CHECK(scratch.over_limit == 0);
  return numbers;
}

// The same, each line alone.
std::vector<std::size_t> found_alone(const Matcher& matcher, const std::string& text) {
  std::vector<std::size_t> numbers;
  const std::vector<std::string> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    MatchScratch scratch;
    // An empty line is not a text; it stands between two breaks.
    const std::string line = "\n" + lines[i] + "\n";
    const auto span = matcher.find(line, 1, line.size() - 1, scratch);
    if (span) numbers.push_back(i);
  }
  return numbers;
}

std::string random_text(std::mt19937& random, bool letters) {
  const char* const words[] = {"foo",          "bar",      "Foo",      "foobar",      "x",
                               "42",           " ",        " ",        "\n",          "\n",
                               "\t",           "_",        "(",        ")",           "=",
                               "NULL;",        "\r\n",     "-",        "caf\xC3\xA9", "\xCE\xA3",
                               "\xE2\x84\xAA", "\xC2\xA0", "\xD9\xA3", "\xFF"};
  std::string text;
  for (std::size_t n = random() % 60; n > 0; --n) {
    text += words[random() % (letters ? std::size(words) : 18)];
  }
  return text;
}

std::string random_pattern(std::mt19937& random) {
  const char* const pieces[] = {
      "foo",         "bar",         "x",    "\\w", "\\w+",  "\\s",    "\\s*",
      "\\d+",        "\\b",         ".",    ".*",  "[a-z]", "[^a-z]", "[^\\W_]",
      "(foo|bar)",   "(?:x|42)?",   "=",    "^",   "$",     "NULL;",  "\\(",
      "[\\W_]",      "\\B",         "\\S+", "{2}", "+",     "|",      "\\pL",
      "caf\xC3\xA9", "[[:upper:]]", "(?i)", "_",   "\\D",   "[^\\s(]"};
  std::string pattern;
  for (std::size_t n = 1 + random() % 5; n > 0; --n) {
    pattern += pieces[random() % std::size(pieces)];
  }
  return pattern;
}

TEST_CASE("engines agree: the fast one, RE2 and each line alone") {
  if (!FastProgram::available()) WARN("skipped in part: this build or machine has no Hyperscan");
  std::mt19937 random(19);
  std::size_t patterns = 0;
  std::size_t hits = 0;
  for (int i = 0; i < 700; ++i) {
    const std::string pattern = random_pattern(random);
    MatchOptions options;
    options.ignore_case = random() % 4 == 0;
    options.word = random() % 5 == 0;
    const auto slow = Matcher::compile(pattern, options);
    const auto fast = Matcher::compile(pattern, options);
    if (!slow || !(*slow)->note().empty()) continue;
    (*fast)->expect(std::size_t{1} << 30);
    ++patterns;
    for (int t = 0; t < 12; ++t) {
      const std::string text = random_text(random, t % 2 == 0);
      INFO(pattern << (options.ignore_case ? " -i" : "") << (options.word ? " -w" : "") << " on "
                   << text);
      const auto want = found_alone(**slow, text);
      hits += want.size();
      REQUIRE(found(**slow, text) == want);
      REQUIRE(found(**fast, text) == want);
    }
  }
  CHECK(patterns > 400);
  CHECK(hits > 2000);
}

TEST_CASE("engines agree on ASCII with RE2 alone, whatever was rewritten") {
  std::mt19937 random(29);
  std::size_t hits = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string pattern = random_pattern(random);
    re2::RE2::Options settings;
    settings.set_log_errors(false);
    settings.set_never_nl(true);
    const re2::RE2 regex("(?m)" + pattern, settings);
    const auto matcher = Matcher::compile(pattern, {});
    if (!regex.ok() || !matcher) continue;
    (*matcher)->expect(std::size_t{1} << 30);
    for (int t = 0; t < 10; ++t) {
      const std::string text = random_text(random, false);
      std::vector<std::size_t> want;
      const std::vector<std::string> lines = lines_of(text);
      for (std::size_t n = 0; n < lines.size(); ++n) {
        if (re2::RE2::PartialMatch(lines[n], regex)) want.push_back(n);
      }
      hits += want.size();
      INFO(pattern << " on " << text);
      REQUIRE(found(**matcher, text) == want);
    }
  }
  CHECK(hits > 2000);
}

TEST_CASE("engines with look-around agree: whole text, and each line alone") {
  std::mt19937 random(7);
  const char* const pieces[] = {"(?=foo)",  "(?!bar)", "(?<=x)", "(?<!\\w)", "(\\w)\\1", "(foo|x)",
                                "\\b",      "\\w+",    "(?>a*)", "a++",      "=",        "\\s*",
                                "(?<=\\s)", "[^\\W_]", "$",      "^",        "x?"};
  std::size_t hits = 0;
  for (int i = 0; i < 300; ++i) {
    std::string pattern;
    for (std::size_t n = 2 + random() % 4; n > 0; --n) {
      pattern += pieces[random() % std::size(pieces)];
    }
    const auto slow = Matcher::compile(pattern, {});
    const auto fast = Matcher::compile(pattern, {});
    if (!slow || !(*slow)->note().empty()) continue;
    (*fast)->expect(std::size_t{1} << 30);
    for (int t = 0; t < 10; ++t) {
      const std::string text = random_text(random, t % 2 == 0);
      INFO(pattern << " on " << text);
      const auto want = found_alone(**slow, text);
      hits += want.size();
      REQUIRE(found(**slow, text) == want);
      REQUIRE(found(**fast, text) == want);
    }
  }
  CHECK(hits > 1000);
}

}  // namespace
}  // namespace quarry::search
