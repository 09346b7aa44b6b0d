// File types by name: "cpp", "py", ... as ripgrep names them, each a list of file name patterns.
// Constant data and pure functions; safe from any thread.

#pragma once

#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/search/glob.h"

namespace quarry::search {

// The patterns of type `name`; a match of any is a file of that type. kInvalidArgs lists the
// known names.
Result<std::vector<Glob>> find_file_type(std::string_view name);

}  // namespace quarry::search
