// What is called by mistake as nothing is called.

#pragma once

#include <string_view>

#include "server/base/result.h"
#include "server/sandbox/workspace.h"

namespace quarry::tools {

// Of a file or directory that is to be made: kInvalidArgs for separators of another system, and for
// a home directory, which would become a part of a name here. `argument` is the tool's parameter.
Result<void> check_new_name(const sandbox::Workspace& files, const sandbox::Path& path,
                            std::string_view argument = "path");

}  // namespace quarry::tools
