// MatchScratch: what a Matcher needs beside itself to search.

#pragma once

#include <cstddef>
#include <cstdint>

#include "server/search/backtracking.h"
#include "server/search/fast_program.h"
#include "server/search/stop.h"

namespace quarry::search {

// Working memory of one search on one thread, and what it counted. Belongs to one thread.
struct MatchScratch {
  explicit MatchScratch(const Stop* asked = nullptr) : stop(asked) {}

  const Stop* stop;              // asked within a line that takes long; may be null
  std::uint64_t over_limit = 0;  // lines that were given up at the limit of steps
  bool stopped = false;          // Stop ended the search within a line

  // How the text from `known_from` to `known_to` is: the same until start_text().
  void start_text() { known_to = 0; }
  std::size_t known_from = 0;
  std::size_t known_to = 0;
  bool known_ascii = false;

  std::uint64_t needle_bytes = 0;  // searched for the text that is required
  std::uint64_t needle_lines = 0;  // that had it
  FastScratch fast;
  BacktrackScratch backtrack;
};

}  // namespace quarry::search
