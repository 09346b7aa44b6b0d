// Required: text that every match of a pattern contains, for what can look text up faster than a
// pattern: a plain comparison, an index.
//
// Pure functions; safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/search/pattern.h"

namespace quarry::search {

struct Required {
  static constexpr std::size_t kShortest = 3;  // bytes; shorter ones are everywhere
  static constexpr std::size_t kMostTexts = 32;

  // A match holds, for each of these, at least one of its texts; every text has at least kShortest
  // bytes. Empty: nothing is known.
  std::vector<std::vector<std::string>> all;
  // Texts are in lower case and without 'k', 's' and what is no ASCII, which stand for more than
  // two characters each: a match may have any ASCII letter in the other case.
  bool fold = false;

  // The longest text that is the only one of its kind, or "".
  std::string longest() const;
};

// `fold`: the pattern is matched without regard to case.
Required required_of(const std::vector<Token>& tokens, bool fold);

}  // namespace quarry::search
