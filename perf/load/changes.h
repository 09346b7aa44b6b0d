// The rows of changes of files: each round leaves the tree as it found it.

#pragma once

#include <vector>

#include "perf/load/cases.h"

namespace quarry::perf {

// Against Floor::kReplaceFile, and again against an echo.
std::vector<Case> change_cases();

}  // namespace quarry::perf
