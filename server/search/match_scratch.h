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

// Working memory of one search on one thread, and what it counted. Belongs to one thread.
struct MatchScratch {
  explicit MatchScratch(const Stop* asked = nullptr) : stop(asked) {}

  const Stop* stop;  // asked within a line that takes long; may be null
  std::uint64_t over_limit =
      0;                 // lines, in multiline texts, that were given up: they take too long
  bool stopped = false;  // Stop ended the search within a line

  // What is known of the text by places in it: until start_text().
  void start_text() {
    known_to = plain_to = vetted_to = 0;
    high_at = SIZE_MAX;
    vetted_by = nullptr;
  }
  // How it is from `known_from` to `known_to`.
  std::size_t known_from = 0;
  std::size_t known_to = 0;
  bool known_ascii = false;
  // All ASCII from `plain_from` to `plain_to`; where `high_at` is the latter, what is there is not.
  std::size_t plain_from = 0;
  std::size_t plain_to = 0;
  std::size_t high_at = SIZE_MAX;
  // `vetted_by` is fast enough between these.
  const re2::RE2* vetted_by = nullptr;
  std::size_t vetted_from = 0;
  std::size_t vetted_to = 0;

  // RE2 cannot be stopped: what it may do, in bytes times instructions, before Stop is asked.
  static constexpr std::int64_t kCredit = 12'000'000;
  std::int64_t credit = kCredit;

  std::uint64_t needle_bytes = 0;  // searched for the text that is required
  std::uint64_t needle_lines = 0;  // that had it
  FastScratch fast;
  BacktrackScratch backtrack;
};

}  // namespace quarry::search
