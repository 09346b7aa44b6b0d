// The part of two texts in which they differ, by whole lines: what a diff has to look at. Of a
// large file in which a line was changed it is a few lines. Pure; safe from any thread.

#pragma once

#include <cstddef>
#include <string_view>

namespace quarry::edit {

struct DifferingPart {
  // Views into the texts, both empty when these are equal.
  std::string_view before;
  std::string_view after;
  std::size_t lines_in_front = 0;  // the same in both
};

// From `context` lines in front of the first line that differs to as many behind the last one,
// where the texts have them. `separator` ends the lines of both.
DifferingPart differing_part(std::string_view before, std::string_view after, char separator,
                             std::size_t context);

}  // namespace quarry::edit
