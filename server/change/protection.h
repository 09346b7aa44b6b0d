// Protection: what file tools must not change, whatever the session may do.
//
// Git directories, by any name that some file system takes for `.git`, and the inside of linked
// git directories and bare repositories; and the files that configure the user's other programs to
// run something, by patterns. A pattern without a slash is held against each name of a path, one
// with a slash against the whole path; `*` does not match a slash; a last slash means a directory
// and all below it. Case is folded.
//
// Thread-compatible; constant after construction.

#pragma once

#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/sandbox/workspace.h"

namespace quarry::change {

class Protection {
 public:
  static std::vector<std::string> standard_patterns();

  explicit Protection(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  // kDenied when `path`, a real path, must not be changed.
  Result<void> check(const sandbox::Workspace& workspace, const sandbox::Path& path) const;

 private:
  std::vector<std::string> patterns_;
};

}  // namespace quarry::change
