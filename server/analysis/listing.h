// Listing: which files an analysis looks at, and how they are read. Safe from any thread.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/analysis/analyze.h"
#include "server/analysis/contents.h"
#include "server/analysis/file_index.h"
#include "server/analysis/report.h"

namespace quarry::analysis {

struct Listing {
  FileIndex index;
  std::unique_ptr<Contents> contents;
  Origin origin = Origin::kWalk;
  std::string commit;              // of a revision
  std::vector<std::string> notes;  // what was not looked at, and why this way
  bool repeatable = true;
};

// `sources` must outlive the answer.
Result<Listing> list_files(const Sources& sources, const AnalyzeOptions& options,
                           const CancelToken& cancel);

}  // namespace quarry::analysis
