// Layout: where the parts of the workspace's repository lie, checked before libgit2 opens it.
//
// The repository is at the workspace's root and nowhere above it: `.git` is a directory, or a
// file that names one beneath the root, or the root is itself a bare repository. Whatever would
// lead outside (a symlink in place of a part, a common directory or an alternate elsewhere), would
// block (a FIFO in place of a file) or belongs to somebody else is refused with a text for the
// caller. Parts are looked at without following symlinks.
//
// Value type.

#pragma once

#include <string>
#include <vector>

#include "server/base/fd.h"
#include "server/base/result.h"
#include "server/git/helper/files.h"

namespace quarry::git::helper {

struct Layout {
  std::string root;              // absolute, resolved
  std::string git_directory;     // absolute: HEAD and the index are here
  std::string common_directory;  // absolute: objects, refs, config; often the same
  bool bare = false;             // the root itself is the repository
  bool linked_worktree = false;  // common_directory lies elsewhere
  // Stamps of what decides how the repository is opened: when they change, it is opened again.
  std::vector<FileStamp> opening;
  // The same of the object directories and the shallow file.
  std::vector<FileStamp> objects;
};

// kNotFound: there is no repository. kDenied: there is one that is not used, and why.
Result<Layout> inspect_layout(const std::string& root);

}  // namespace quarry::git::helper
