// Which files of a tree a replacement is about: those that grep finds a match in, by the same walk,
// the same ignore rules, the same coverage line. Safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/search/engine.h"
#include "server/search/replacer.h"

namespace quarry::search {

struct ReplaceTargets {
  std::vector<sandbox::Path> files;  // in path order; they may have changed since
  std::uint64_t files_searched = 0;
  std::string coverage;            // "not searched: ...", or empty
  std::vector<std::string> notes;  // about the ignore rules
};

// kUnavailable when not all files could be searched: a replacement is of all or of none.
Result<ReplaceTargets> find_targets(const Replacer& replacer, const sandbox::Path& path,
                                    std::string_view glob, const Engine& engine);

}  // namespace quarry::search
