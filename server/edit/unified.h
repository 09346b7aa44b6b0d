// Unified diffs, with git's extended headers or without. Pure; safe from any thread.

#pragma once

#include <vector>

#include "server/base/result.h"
#include "server/edit/patch.h"
#include "server/edit/patch_lines.h"

namespace quarry::edit {

// Counts in a hunk's header that are not those of its lines are passed over, and said so.
Result<std::vector<FilePatch>> parse_unified(const PatchLines& lines);

// Takes the hunk whose header is line `at`; `at` goes behind it.
Result<Hunk> parse_unified_hunk(const PatchLines& lines, std::size_t& at);

// What a hunk's header names, which is to be looked for: all behind its @@, or nothing where line
// numbers stand there.
std::string_view named_in_header(std::string_view line);

// A line that begins the next file of a unified diff.
bool begins_file(const PatchLines& lines, std::size_t at);

}  // namespace quarry::edit
