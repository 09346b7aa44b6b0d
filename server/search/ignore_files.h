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

// Why something could not be read may be over at the next try, without a change that is told of: it
// is no matter of permissions or of what is there.
bool may_be_over(const Error& error);

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

// Whether the `.git` file of `directory`, which is that at `path`, makes it a linked worktree of
// the repository that it lies in: the same one checked out once more. A submodule is none, nor is a
// worktree of another repository. `parents` is the level of what lies above.
bool is_worktree_of_enclosing(const sandbox::Workspace& workspace, const sandbox::Dir& directory,
                              const sandbox::Path& path, const IgnoreLevel* parents);

}  // namespace quarry::search
