// Comparing what a server wrote with what a transcript expects.

#pragma once

#include <string>
#include <string_view>

namespace quarry::transcripts {

// Empty when `actual` is what `expected` says: as JSON, members in any order, no member missing
// or left over; the string "{{any}}" stands for any value, and inside a string for any text.
// Otherwise one line: where they differ, and how.
std::string difference(std::string_view expected, std::string_view actual);

// Byte for byte, {{any}} standing for any text.
bool matches_text(std::string_view pattern, std::string_view text);

// `actual` as a transcript line, with the {{any}} of `old` kept where the same place still exists.
std::string golden_line(std::string_view old, std::string_view actual);

std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace quarry::transcripts
