// analyze(): what a repository is made of, from the list of its files: git's index, or a walk
// under the ignore rules where there is no repository.
//
// The tree's facts are cached in the store under what they were made from: the root, the stamp of
// .git/index, the path asked for, and the detectors' version; scripts whose first line was read
// are named by their stamps in the value and asked again on every hit. What cannot be checked so
// (a walk, a linked worktree, an index that changed a moment ago) is not cached. Facts of git
// itself are asked anew in every call.
//
// Safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/analysis/report.h"
#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/base/result.h"
#include "server/git/client.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "server/store/store.h"

namespace quarry::analysis {

// What the analysis asks of a repository: git::GitClient, or a test's own.
class Repository {
 public:
  virtual ~Repository() = default;
  virtual Result<std::vector<git::TrackedFile>> tracked_files(const CancelToken& cancel) = 0;
  virtual Result<git::RepositoryFacts> facts(const CancelToken& cancel) = 0;
};

struct Sources {
  const sandbox::Workspace& files;
  Repository& repository;
  store::Store& store;
  pool::Pool& pool;
  const Clock& clock;
};

struct AnalyzeOptions {
  sandbox::Path path;    // a directory
  bool tree = true;      // languages and manifests
  bool git = true;       // facts of the repository
  bool refresh = false;  // do not take the tree's facts from the cache
};

// An error when the path is no directory, on cancellation, and when there is no way to list the
// files. Parts that fail otherwise are missing from the report, which says so.
Result<Report> analyze(const Sources& sources, const AnalyzeOptions& options,
                       const CancelToken& cancel);

// The same over a git client.
Result<Report> analyze(const sandbox::Workspace& files, git::GitClient& git, store::Store& store,
                       pool::Pool& pool, const Clock& clock, const AnalyzeOptions& options,
                       const CancelToken& cancel);

}  // namespace quarry::analysis
