// analyze(): what a repository is made of, from the list of its files: git's index, a walk under
// the ignore rules where there is no repository, or the trees of a revision. A bare repository is
// looked at as its HEAD has it.
//
// The list is made first, then its survey; then all parts (part.h) look at it at once. What was
// made of single files' contents is kept (fact_cache.h), so that a second analysis reads the files
// that have changed and no others. Facts of git itself are asked anew in every call.
//
// Safe from any thread.

#pragma once

#include <string>
#include <vector>

#include "server/analysis/report.h"
#include "server/analysis/repository.h"
#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/base/result.h"
#include "server/git/client.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "server/search/catalogue.h"
#include "server/store/store.h"

namespace quarry::analysis {

struct Sources {
  const sandbox::Workspace& files;
  Repository& repository;
  store::Store& store;
  pool::Pool& pool;
  const Clock& clock;
  search::Catalogue* catalogue = nullptr;  // of the tree; null: none is kept
};

struct AnalyzeOptions {
  sandbox::Path path;    // a directory
  std::string ref;       // a revision; "" is the working tree
  bool tree = true;      // all that is told from files
  bool git = true;       // facts of the repository
  bool refresh = false;  // take nothing that was kept
};

// An error when the path is no directory, on cancellation, and when there is no way to list the
// files. Parts that fail otherwise are missing from the report, which says so.
Result<Report> analyze(const Sources& sources, const AnalyzeOptions& options,
                       const CancelToken& cancel);

// The same over a git client.
Result<Report> analyze(const sandbox::Workspace& files, git::GitClient& git, store::Store& store,
                       pool::Pool& pool, const Clock& clock, search::Catalogue* catalogue,
                       const AnalyzeOptions& options, const CancelToken& cancel);

}  // namespace quarry::analysis
