// LinePattern: whether a line of text begins with a pattern, after its blanks. Just enough to tell
// languages apart, and linear in the line but for `%*`.
//
//   ' '  one or more blanks      %_  any number of blanks     %w  letters, digits, '_'
//   %n   a name: those and . : $ %*  anything                 %$  the end of the line
//   %b   the end of a word       %%  a percent sign           %i  in front: in either case
//
// Pure; safe from any thread.

#pragma once

#include <string_view>

namespace quarry::analysis {

// Lines are looked at no further than that.
inline constexpr std::size_t kMaxPatternLine = 400;

// The first `lines` lines of `text`, with their newlines; fewer when it has no more.
std::string_view first_lines(std::string_view text, int lines);

// The part of `line`, which is without its newline, that patterns are held against: without blanks
// at its ends, and no longer than that.
std::string_view pattern_line(std::string_view line);
// `line` as pattern_line() gives it.
bool matches_pattern(std::string_view line, std::string_view pattern);

inline bool begins_with(std::string_view line, std::string_view pattern) {
  return matches_pattern(pattern_line(line), pattern);
}

}  // namespace quarry::analysis
