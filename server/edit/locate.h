// Finding the text that an edit replaces, and saying what is replaced by what.
//
// The match is exact but for line ends: a line end of the old text matches any, since a reader is
// shown none of them; where nothing matches so, a lone "\r" within a line (lines.h) is taken for a
// line end too. In the new text each line end becomes what the replaced lines had, line by line, or
// what the lines around them have (line_ends.h); so a mixed file stays mixed. Nothing in either
// text is special.
//
// Edits are made one after the other, each in what those before it left; the result is said as
// splices of the original text. All are found or nothing is: the error names the edit.
//
// Errors: kInvalidArgs (empty, old equals new, found more than once), kNotFound, with the closest
// region and how it differs (closest.h), kCancelled, kTimeout. Pure; safe from any thread.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/edit/splice.h"

namespace quarry::edit {

struct Replacement {
  std::string_view old_text;
  std::string_view new_text;
  bool replace_all = false;
};

struct Located {
  std::vector<Splice> splices;   // sorted, of the original text
  std::size_t replacements = 0;  // places, over all edits
};

inline constexpr std::size_t kMaxReplacements = 100'000;  // places

Result<Located> locate(std::string_view text, std::span<const Replacement> edits,
                       const CancelToken& cancel);

}  // namespace quarry::edit
