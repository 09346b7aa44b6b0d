// regex_run: RE2, which cannot be stopped on its way, given so little text at once that Stop is
// asked every few milliseconds.
//
// A text that is longer is tried piece by piece first. Where that goes fast, RE2 gets all of it.
// Where it does not, the answer comes from pieces that overlap by half. That is the same where no
// match is longer than the overlap; else a match found so is one, though it may go on beyond its
// piece (MatchScratch::in_pieces), and where none is found there may be one that is longer than
// half a piece (MatchScratch::over_limit).
//
// Pure functions but for the scratch; safe from any thread.

#pragma once

#include <optional>
#include <string_view>

#include <re2/re2.h>

#include "server/search/match_options.h"
#include "server/search/match_scratch.h"

namespace quarry::search {

struct RunnableRegex {
  const re2::RE2& regex;
  std::size_t longest;    // of what it matches, in bytes, or kAnyLength (pattern_measure.h)
  bool in_group = false;  // the match is what its first group holds
};

// How many bytes are given to RE2 at once.
std::size_t regex_dose(const re2::RE2& regex, const MatchScratch& scratch);
// Whether there is a match in text[within), with what surrounds it in sight. False, too, when Stop
// ended it.
bool regex_finds(const RunnableRegex& runnable, std::string_view text, Span within,
                 MatchScratch& scratch);
// The first match.
std::optional<Span> regex_match(const RunnableRegex& runnable, std::string_view text,
                                std::size_t from, std::size_t to, MatchScratch& scratch);

}  // namespace quarry::search
