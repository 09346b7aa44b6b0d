// GitConfig: what ignore rules need to know of a repository's own configuration file.
//
// Reads `core.ignoreCase` and `core.excludesFile` as git does: sections and names in any case,
// quotes, escapes, comments, continued lines, the last value wins. Files that it includes are not
// read, nor are the user's and the system's, which lie outside the root. A malformed line ends the
// reading; what came before it counts.
//
// Pure functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::search {

struct GitConfig {
  bool ignore_case = false;
  std::string excludes_file;  // empty: none is named
};

GitConfig parse_git_config(std::string_view bytes);

}  // namespace quarry::search
