// The files of a tree without a repository: a walk under the ignore rules, in the form of git's
// index; past them where they leave nothing (search/known_walk.h). Safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/analysis/analyze.h"
#include "server/analysis/survey.h"
#include "server/search/tree_node.h"

namespace quarry::analysis {

struct FileList {
  std::vector<git::TrackedFile> files;  // sorted by path, from the root; no ids
  std::vector<std::string> notes;       // what was not looked at
  bool repeatable = true;               // all was read, and in time
  bool past_rules = false;              // the rules, which leave out all of it, were not asked
};

// `known`: the whole tree, where it is known, and null otherwise.
Result<FileList> list_by_walk(const Sources& sources, const sandbox::Path& top,
                              const std::shared_ptr<const search::TreeNode>& known,
                              const CancelToken& cancel);

// The states of one directory's files on disk, onto `states`; of those that are there.
void append_states(const sandbox::Workspace& workspace, const FileIndex& index,
                   const FileIndex::Directory& directory, std::vector<FileState>& states);

}  // namespace quarry::analysis
