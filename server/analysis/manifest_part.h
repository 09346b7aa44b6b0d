// The part that lists manifests by kind. Safe from any thread.

#pragma once

#include "server/analysis/part.h"

namespace quarry::analysis {

Result<void> run_manifest_part(const PartInput& input, Report& report,
                               std::vector<std::string>& notes);

}  // namespace quarry::analysis
