// How long a match of a pattern can be, and how large the pattern is with each count written out.
//
// Pure function; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/search/pattern.h"

namespace quarry::search {

inline constexpr std::size_t kAnyLength = SIZE_MAX;

struct PatternMeasure {
  // Of a match, in bytes: it may be shorter than that; kAnyLength: there is no bound, or none
  // known.
  std::size_t longest = 0;
  int shortest = 0;  // of a match, in characters
  int places = 0;    // characters, with each count written out
  int counted = 0;   // of them, in repetitions with a count
  int open = 0;      // repetitions without an end
};
PatternMeasure measure_pattern(const std::vector<Token>& tokens);

}  // namespace quarry::search
