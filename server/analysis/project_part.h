// The part that finds the project: its modules and what they are built on. Reads manifests and a
// few source files; what it read of them is kept per file. Safe from any thread.

#pragma once

#include "server/analysis/part.h"

namespace quarry::analysis {

Result<void> run_project_part(const PartInput& input, Report& report,
                              std::vector<std::string>& notes);

}  // namespace quarry::analysis
