// The text of a diff for a reader with a budget.
//
// A line of totals, a row per file, then patches. Where that does not fit, less is shown, and the
// text says what was left out and which arguments continue: patches give way to rows, rows to
// their first part, one patch that is too long alone to its first lines. A lock, generated or
// minified file gets one line instead of its patch, unless it is the only file.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/git/client.h"

namespace quarry::git {

enum class DiffMode : std::uint8_t { kPatch, kStat, kNames };

struct DiffTextOptions {
  DiffMode mode = DiffMode::kPatch;
  std::size_t offset = 0;     // files before that one are left out
  std::size_t max_bytes = 0;  // of the text, but for the lines that say what was left out
  bool show_secrets = false;  // patches of files for secrets, by name, and of private keys
};

void append_diff_text(const Diff& diff, const DiffTextOptions& options, std::string& out);

}  // namespace quarry::git
