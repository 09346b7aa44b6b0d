// A Project as lines, one fact each: "packages/api framework Express ^4.18.2 package.json:7". For
// tests and for reading by eye; not an answer to a client.

#pragma once

#include <string>
#include <vector>

#include "server/analysis/project/project.h"

namespace quarry::analysis::project {

std::vector<std::string> fact_lines(const Project& project);

}  // namespace quarry::analysis::project
