// The object of a web application that a Python module holds, by what stands in the first column.
//
// Pure function; safe from any thread.

#pragma once

#include <vector>

#include "server/analysis/manifest/tokens.h"
#include "server/analysis/project/source_facts.h"

namespace quarry::analysis::project {

// Sets facts.application. REQUIRES: `tokens` are those of a whole text.
void find_application(const std::vector<manifest::Token>& tokens, SourceFacts& facts);

}  // namespace quarry::analysis::project
