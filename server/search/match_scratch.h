// MatchScratch: what a Matcher needs beside itself to search.

#pragma once

#include <cstddef>
#include <cstdint>

#include "server/search/backtracking.h"
#include "server/search/fast_program.h"
#include "server/search/stop.h"

namespace re2 {
class RE2;
}

namespace quarry::search {

// What is known of how fast RE2 goes (regex_run.cpp).
struct RegexPace {
  const re2::RE2* tame = nullptr;  // the last text took it little time
  // In the text, from `from` to `to`, `judged` takes so many ns for a byte; 0: few enough.
  const re2::RE2* judged = nullptr;
  std::size_t from = 0;
  std::size_t to = 0;
  double slow_ns = 0;
  bool told = false;        // the text was counted as over the limit
  std::int64_t credit = 0;  // work that it may do before Stop is asked
};

// Working memory of one search on one thread, and what it counted. Belongs to one thread.
struct MatchScratch {
  explicit MatchScratch(const Stop* asked = nullptr) : stop(asked) {}

  const Stop* stop;  // asked within a line that takes long; may be null
  // Lines, in multiline texts, that take too long: whether they match is not known for all of them.
  std::uint64_t over_limit = 0;
  // Matches that were found in a part of what was asked for: maybe not all of them.
  std::uint64_t in_pieces = 0;
  bool stopped = false;  // Stop ended the search within a line

  // What is known of the text by places in it: until start_text().
  void start_text() {
    known_to = plain_to = 0;
    high_at = SIZE_MAX;
    regex.judged = nullptr;
    regex.told = false;
  }
  // How it is from `known_from` to `known_to`.
  std::size_t known_from = 0;
  std::size_t known_to = 0;
  bool known_ascii = false;
  // All ASCII from `plain_from` to `plain_to`; where `high_at` is the latter, what is there is not.
  std::size_t plain_from = 0;
  std::size_t plain_to = 0;
  std::size_t high_at = SIZE_MAX;
  RegexPace regex;

  std::uint64_t needle_bytes = 0;  // searched for the text that is required
  std::uint64_t needle_lines = 0;  // that had it
  FastScratch fast;
  BacktrackScratch backtrack;
};

}  // namespace quarry::search
