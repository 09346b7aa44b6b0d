// RuleGenerator: ignore rules and names of few characters, so that they meet. The same for the same
// seed.

#pragma once

#include <random>
#include <string>

namespace quarry::search {

class RuleGenerator {
 public:
  explicit RuleGenerator(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }

  std::string name() {
    static const char* const kNames[] = {"a",   "b",     "ab", "abc",     "x.o", "a.o",
                                         "b.c", "#a",    "!b", "a b",     "a ",  "-",
                                         "]",   "a.b.o", "A",  "\xC3\xA9"};
    return kNames[below(std::size(kNames))];
  }

  std::string pattern() {
    static const char* const kPieces[] = {
        "a",     "b",      "*",   "?",   "[ab]", "[!a]", "*.o",      "\\a",         "x.o",
        "abc",   "[a-c]*", "a?c", "[]]", "\\#a", "\\!b", "a\\ ",     "[[:alpha:]]", "[[:upper:]]",
        "*.*.o", "**",     "***", "\\*", "[a",   "b.*",  "\xC3\xA9", "[a-]"};
    std::string out = below(4) == 0 ? "!" : "";
    if (below(4) == 0) out += "/";
    const std::size_t components = 1 + below(3);
    for (std::size_t i = 0; i < components; ++i) {
      if (i > 0) out += below(12) == 0 ? "//" : "/";
      out += below(6) == 0 ? "**" : kPieces[below(std::size(kPieces))];
    }
    if (below(4) == 0) out += "/";
    if (below(8) == 0) out += "  ";
    if (below(16) == 0) out = "#" + out;
    return out;
  }

  std::string rules() {
    std::string out = below(8) == 0 ? "\xEF\xBB\xBF" : "";
    const std::size_t lines = 1 + below(5);
    for (std::size_t i = 0; i < lines; ++i) out += pattern() + (below(5) == 0 ? "\r\n" : "\n");
    if (below(4) == 0) out.pop_back();
    return out;
  }

 private:
  std::mt19937 random_;
};

}  // namespace quarry::search
