// The helper's operations: each takes its options and answers with the plain struct of client.h.
//
// They only read: no lock is taken, no index refreshed, no object written.
//
// Belongs to the helper's one thread.

#pragma once

#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/git/client.h"
#include "server/git/helper/blobs.h"
#include "server/git/helper/commit_graph.h"
#include "server/git/helper/ref_names.h"
#include "server/git/helper/repository.h"

namespace quarry::git::helper {

// What stays warm between requests.
struct Warm {
  explicit Warm(std::string root) : repository(std::move(root)), graph(repository) {}
  Repository repository;
  CommitGraph graph;
  RefNames names;
  Blobs blobs;
};

// REQUIRES, for each: warm.repository.refresh() and warm.graph.prepare() for this request.
Result<Status> read_status(Warm& warm, const StatusOptions& options);
Result<Log> read_log(Warm& warm, const LogOptions& options);
Result<Diff> read_diff(Warm& warm, const DiffOptions& options);
Result<RepositoryFacts> read_facts(Warm& warm);
Result<std::vector<TrackedFile>> read_tracked_files(Warm& warm);
Result<FileAt> read_file_at(Warm& warm, const FileAtOptions& options);
Result<TreeFiles> read_tree_files(Warm& warm, const TreeOptions& options);

// `path` as a literal pathspec or tree path: no leading or trailing '/'. kInvalidArgs for "..",
// an absolute path or a NUL. "" and "." are the whole tree.
Result<std::string> tree_path(const std::string& path);

}  // namespace quarry::git::helper
