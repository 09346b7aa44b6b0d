// Narrowing: splices that leave alone what they would put back.
//
// Whoever replaces a line to change a word gives the rest of it again. Here each splice is split
// into those of its characters that are another one afterwards, as a diff tells it by lines and
// then by characters (line_runs.h): so what it keeps can stay in the raw bytes, which may say the
// same character in a way that would not come back. Of what differs over a megabyte only the start
// and the end are compared. kCancelled, kTimeout. Pure; safe from any thread.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/edit/splice.h"

namespace quarry::edit {

// REQUIRES: `splices` as of spliced(), of `text`. They make the same of it.
Result<std::vector<Splice>> narrowed(std::string_view text, std::span<const Splice> splices,
                                     const CancelToken& cancel);

}  // namespace quarry::edit
