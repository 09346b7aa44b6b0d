// The part that finds the languages: judges every source file, by content where that tells more
// than the path, and counts. Safe from any thread.

#pragma once

#include "server/analysis/part.h"

namespace quarry::analysis {

// At most this many files are read to see their language; beyond it paths decide.
inline constexpr std::size_t kMaxSampled = 200'000;

Result<void> run_language_part(const PartInput& input, Report& report,
                               std::vector<std::string>& notes);

}  // namespace quarry::analysis
