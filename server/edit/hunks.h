// Applying the hunks of a patch to a text.
//
// A hunk fits where its old lines are those of the text, line ends apart. One that says where it
// belongs is looked for there, then ever farther away, then (as `patch` does) with one and two
// lines of its outer context left out; away from its place it must not fit two places equally
// well, and with context left out it must fit one alone. One that says nothing must fit one place
// alone, behind its anchors and the hunk before. A hunk whose old lines have the text's own line
// ends is taken to the byte; else its new lines take the ends of those they replace, and the text
// keeps its final newline, or its want of one.
//
// All hunks fit or nothing is done: the error (kNotFound; kInvalidArgs for an ambiguous one) names
// the hunk and shows the closest region and how it differs. Pure; safe from any thread.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/edit/patch.h"
#include "server/edit/splice.h"

namespace quarry::edit {

struct HunkPlace {
  std::size_t line = 0;       // from 1, in the new text
  std::ptrdiff_t offset = 0;  // lines from where it says that it belongs
  std::size_t fuzz = 0;       // lines of context left out at either side
};

struct Patched {
  std::vector<Splice> splices;  // of the text
  std::vector<HunkPlace> places;
  std::size_t added = 0;  // lines
  std::size_t removed = 0;
};

inline constexpr std::size_t kMostFuzz = 2;

Result<Patched> apply_hunks(std::string_view text, std::span<const Hunk> hunks,
                            const CancelToken& cancel);

}  // namespace quarry::edit
