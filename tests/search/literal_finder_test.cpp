#include "server/search/literal_finder.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

namespace quarry::search {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

TEST_CASE("literal finder finds what the library's own search finds, wherever it stands") {
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t n = random() % 120; n > 0; --n) text += "aAbB_@` \n\xC3"[random() % 10];
    std::string needle;
    for (std::size_t n = 1 + random() % 5; n > 0; --n) needle += "aAbB_@` \n\xC3"[random() % 10];
    if (random() % 3 == 0) needle = std::string(40, 'a') + needle;
    // Long stretches that hold nothing of it.
    if (random() % 3 == 0) text.insert(random() % (text.size() + 1), 1 + random() % 300, '~');
    const std::size_t from = random() % (text.size() + 1);
    const std::size_t to = from + random() % (text.size() - from + 1);
    const auto want = [&](const std::string& in, const std::string& what) {
      const std::size_t at = in.substr(0, to).find(what, from);
      return at;
    };
    INFO("'" << needle << "' in '" << text << "' from " << from << " to " << to);
    REQUIRE(LiteralFinder(needle).find(text, from, to) == want(text, needle));
    REQUIRE(LiteralFinder(lower(needle), true).find(text, from, to) ==
            want(lower(text), lower(needle)));
  }
}

TEST_CASE("literal finder of nothing finds nothing") {
  CHECK(LiteralFinder().find("abc", 0, 3) == std::string_view::npos);
}

TEST_CASE("the first byte that is no ASCII is found wherever it stands") {
  for (std::size_t size = 0; size < 200; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      std::string text(size, 'x');
      if (at < size) text[at] = '\x80';
      REQUIRE(find_non_ascii(text, 0, size) == at);
      if (at < size) REQUIRE(find_non_ascii(text, at + 1, size) == size);
    }
  }
}

}  // namespace
}  // namespace quarry::search
