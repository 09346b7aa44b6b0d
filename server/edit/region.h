// The region of a text that was meant by lines that are not in it: they are compared loosely
// (blanks, quotes, dashes and case apart).
//
// Work is bounded by the size of the two. Pure; safe from any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace quarry::edit {

struct Region {
  std::size_t line = 0;  // of the text, from 0, where the first of the old lines would be
  std::size_t at = 0;    // of that line, in bytes: where the old text would begin
};

// Nullopt: nothing is like it. `compared` grows by how many lines were held against one of
// `old_lines`.
std::optional<Region> find_region(const std::vector<std::string_view>& lines,
                                  const std::vector<std::string_view>& old_lines,
                                  std::size_t& compared);

}  // namespace quarry::edit
