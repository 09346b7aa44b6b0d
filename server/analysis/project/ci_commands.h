// What a line of a CI file builds or tests. Pure function; safe from any thread.

#pragma once

#include <optional>
#include <string_view>

#include "server/analysis/project/project.h"

namespace quarry::analysis::project {

// kBuild or kTest by how the line begins; nothing of a line that varies with the run, or is long.
std::optional<CommandRole> role_of_ci_line(std::string_view line);

}  // namespace quarry::analysis::project
