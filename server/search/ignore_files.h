// The ignore files of a directory, read from disk.
//
// Only regular files are read; a FIFO, a symlink, a file over the limits of IgnoreRules is left
// out and a note says so. Pure functions of the tree; safe from any thread.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/sandbox/workspace.h"
#include "server/search/ignore.h"

namespace quarry::search {

// Which of its ignore files a directory has.
struct IgnoreNames {
  bool ignore = false;    // .ignore
  bool git = false;       // .gitignore
  bool git_dir = false;   // .git, a directory
  bool git_file = false;  // .git, a file: a linked worktree or a submodule
};

// The level of the directory `path`, opened as `directory`; `parent` itself when the directory
// adds nothing.
std::shared_ptr<const IgnoreLevel> load_level(const sandbox::Workspace& workspace,
                                              const sandbox::Dir& directory,
                                              const sandbox::Path& path, IgnoreNames names,
                                              std::shared_ptr<const IgnoreLevel> parent,
                                              std::vector<std::string>& notes);

// The level that holds for the entries of `path`'s parents: all ignore files from the root down,
// without those of `path` itself.
std::shared_ptr<const IgnoreLevel> load_parents(const sandbox::Workspace& workspace,
                                                const sandbox::Path& path,
                                                std::vector<std::string>& notes);

// Whether some directory above is a repository: the level is that of the parents.
bool lies_in_repository(const IgnoreLevel* level);

// Whether the `.git` file of `directory` says that this is a linked worktree: the same repository
// checked out once more. A submodule's is not one.
bool is_linked_worktree(const sandbox::Dir& directory);

}  // namespace quarry::search
