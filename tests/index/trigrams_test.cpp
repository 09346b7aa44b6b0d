#include "server/index/trigrams.h"

#include <algorithm>
#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace quarry::index {
namespace {

std::vector<Trigram> sorted(std::span<const Trigram> trigrams) {
  std::vector<Trigram> out(trigrams.begin(), trigrams.end());
  std::sort(out.begin(), out.end());
  return out;
}

std::string shown(std::span<const Trigram> trigrams) {
  std::string out;
  for (const Trigram trigram : trigrams) {
    if (!out.empty()) out.push_back(' ');
    for (const unsigned shift : {16U, 8U, 0U}) out.push_back(static_cast<char>(trigram >> shift));
  }
  return out;
}

TEST_CASE("a text's required trigrams are as its row says") {
  struct Row {
    const char* text;
    bool ignore_case;
    const char* want;
  };
  const Row rows[] = {
      {"", false, ""},
      {"ab", false, ""},
      {"abc", false, "abc"},
      {"ABCd", false, "abc bcd"},
      {"aaaaaa", false, "aaa"},
      {"cab cab", false, " ca ab  b c cab"},
      {"ab\ncd", false, ""},
      {"abc\r\ndef", false, "abc def"},
      {"x\xC3\xA9y", false, "x\xC3\xA9 \xC3\xA9y"},
      {"x\xC3\xA9yzw", true, "yzw"},
      // Other cases of ASCII letters beyond ASCII: what is found in one is found in the other.
      {"\xE2\x84\xAA"
       "elvin",
       true, "elv kel lvi vin"},
      {"mi\xC5\xBFt", false, "ist mis"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(shown(required_trigrams(row.text, row.ignore_case)) == row.want);
  }
}

TEST_CASE("whatever a text contains, in any case, its trigrams are among those collected") {
  std::mt19937 random(7);
  const char* const pieces[] = {
      "a",        "b", "K",  "s",   "S", "\n", "\r\n", "\xC5\xBF", "\xE2\x84\xAA",
      "\xC3\xA9", "_", "x1", "\x01"};
  TrigramCollector collector;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += pieces[random() % std::size(pieces)];
    collector.clear();
    // In two parts that overlap, as the windows of a long line do.
    const std::size_t cut = random() % text.size();
    collector.add(std::string_view(text).substr(0, cut));
    collector.add(std::string_view(text).substr(cut - std::min<std::size_t>(cut, 6)));
    const std::vector<Trigram> found = sorted(collector.found());
    REQUIRE(std::adjacent_find(found.begin(), found.end()) == found.end());
    // A needle is text itself: it begins and ends with a character.
    const auto start_of_character = [&](std::size_t at) {
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) ++at;
      return at;
    };
    const std::size_t at = start_of_character(random() % text.size());
    std::string needle = text.substr(at, start_of_character(at + 1 + random() % 9) - at);
    const std::vector<Trigram> exact = required_trigrams(needle, false);
    INFO(needle);
    REQUIRE(std::includes(found.begin(), found.end(), exact.begin(), exact.end()));
    for (char& c : needle) {
      if (c == 'k' || c == 's' || c == 'a' || c == 'b') c = static_cast<char>(c - 'a' + 'A');
    }
    const std::vector<Trigram> other_case = required_trigrams(needle, true);
    REQUIRE(std::includes(found.begin(), found.end(), other_case.begin(), other_case.end()));
  }
}

TEST_CASE("a collector that was cleared knows nothing of the text before") {
  TrigramCollector collector;
  collector.add("first text");
  collector.clear();
  CHECK(collector.found().empty());
  collector.add("xyz");
  CHECK(shown(collector.found()) == "xyz");
}

}  // namespace
}  // namespace quarry::index
