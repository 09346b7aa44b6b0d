// Protection: what file tools must not change, whatever the session may do.
//
// Git directories, by any name that some file system takes for `.git`, and the inside of linked
// git directories and bare repositories; and the files that configure the user's other programs to
// run something, by patterns. A pattern without a slash is held against each name of a path, one
// with a slash against as many names that follow each other, wherever they stand; `*` does not
// match a slash; a last slash means a directory and all below it. Case is folded.
//
// A path is judged as a whole below the root that the user allowed: a session on a directory in
// there changes no more than one on all of it.
//
// Thread-compatible; constant after construction.

#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/sandbox/workspace.h"

namespace quarry::change {

class Protection {
 public:
  // Directories, as paths below the configured root, that lie in no git directory, are none and
  // match no pattern: what one check() found out, for the next ones of the same change.
  using Known = std::set<sandbox::Path>;

  static std::vector<std::string> standard_patterns();

  explicit Protection(const std::vector<std::string>& patterns);

  // kDenied when `path`, a real path, must not be changed.
  Result<void> check(const sandbox::Workspace& workspace, const sandbox::Path& path,
                     Known* known = nullptr) const;

 private:
  struct Pattern {
    std::string given;
    std::string body;       // without its last slash
    std::size_t names = 1;  // that it matches
  };
  const Pattern* find_match(const sandbox::Path& path) const;

  std::vector<Pattern> patterns_;
};

}  // namespace quarry::change
