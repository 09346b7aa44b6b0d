// MatchOptions: how a search pattern is meant.

#pragma once

#include <cstddef>

namespace quarry::search {

struct MatchOptions {
  bool fixed = false;        // the pattern is plain text
  bool ignore_case = false;  // Unicode simple folding
  bool word = false;         // not within a longer word
  bool multiline = false;    // a match may cross lines; . matches a line break
  bool operator==(const MatchOptions&) const = default;
};

// How far around a part of a line a match in it may look, in bytes: for ^ and $, the ends of words
// and look-around.
inline constexpr std::size_t kSightBytes = 256;

struct Span {
  std::size_t begin, end;
};

}  // namespace quarry::search
