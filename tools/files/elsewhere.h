// What else a path may have been meant for.

#pragma once

#include <string_view>

#include "tools/tool.h"

namespace quarry::tools {

// `error`, which says that there is no file `path`; where nothing like it lies in its directory,
// with the files of that name elsewhere in the tree.
Failure name_elsewhere(const ToolContext& context, std::string_view path, const Error& error);

}  // namespace quarry::tools
