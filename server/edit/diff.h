// Unified diff of two texts, for an answer: bounded in work and in size.
//
// On lines with their ends (line_runs.h). A carriage return at a line's end is shown as "\r"
// written out; of a line over 1,000 bytes the part around what is different. Pure; safe from any
// thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quarry::edit {

struct DiffText {
  std::string text;  // hunks, without a file header; "" when the texts are equal
  std::size_t added = 0;
  std::size_t removed = 0;
};

// At least one hunk's head; when `max_bytes` is reached a last line says how much is left out.
DiffText unified_diff(std::string_view before, std::string_view after, std::size_t max_bytes,
                      std::size_t context = 3);

}  // namespace quarry::edit
