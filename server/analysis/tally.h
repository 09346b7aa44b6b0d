// Tally: the languages of a survey by bytes and files, and what is left out and why.
//
// Files that their content leaves undecided are told by their neighbours (contested.h). The answer
// depends on its input only. Pure; safe from any thread.

#pragma once

#include <span>

#include "server/analysis/report.h"
#include "server/analysis/survey.h"
#include "server/analysis/verdict.h"
#include "server/base/cancel.h"
#include "server/base/result.h"

namespace quarry::analysis {

struct Judged {
  Verdict verdict;
  std::uint64_t size = 0;
};

// `judged`: one for each file of the survey. Fills languages, main_language, left_out, files,
// bytes and submodules of `facts`.
Result<void> tally(const Survey& survey, std::span<const Judged> judged, TreeFacts& facts,
                   const CancelToken& cancel);

}  // namespace quarry::analysis
