// Listing: which files an analysis looks at, and how they are read. Safe from any thread.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/analysis/analyze.h"
#include "server/analysis/contents.h"
#include "server/analysis/file_index.h"
#include "server/analysis/report.h"
#include "server/search/tree_node.h"

namespace quarry::analysis {

struct Listing {
  FileIndex index;
  std::unique_ptr<Contents> contents;
  Origin origin = Origin::kWalk;
  std::string commit;              // of a revision
  std::vector<std::string> notes;  // what was not looked at, and why this way
  bool repeatable = true;
  // The whole tree before anything of it was read, where it is known that way.
  std::shared_ptr<const search::TreeNode> tree;
  std::optional<sandbox::Stamp> git_index;  // of the root's .git, before it was asked for the list
};

// `sources` must outlive the answer.
Result<Listing> list_files(const Sources& sources, const AnalyzeOptions& options,
                           const CancelToken& cancel);

// The root itself is a bare repository, which has no files of its own to look at.
bool is_bare(const Sources& sources, const CancelToken& cancel);
// The stamp of the root's git index; nothing where there is none, or it changed a moment ago.
std::optional<sandbox::Stamp> git_index_stamp(const Sources& sources);
// Why the tree was walked, as git's answer to the question for its files has it.
std::string note_of_walk(const Result<std::vector<git::TrackedFile>>& tracked);

}  // namespace quarry::analysis
