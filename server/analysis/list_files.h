// The files of a tree without a repository: a walk under the ignore rules, in the form of git's
// index. Safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/analysis/analyze.h"

namespace quarry::analysis {

struct FileList {
  std::vector<git::TrackedFile> files;  // sorted by path, from the root; no ids
  std::vector<std::string> notes;       // what was not looked at
  bool repeatable = true;               // all was read, and in time
};

Result<FileList> list_by_walk(const Sources& sources, const sandbox::Path& top,
                              const CancelToken& cancel);

}  // namespace quarry::analysis
