#include "server/analysis/analyze.h"

#include <algorithm>

#include "server/analysis/fact_cache.h"
#include "server/analysis/listing.h"
#include "server/analysis/part.h"
#include "server/analysis/survey.h"

namespace quarry::analysis {
namespace {

bool stopped(const Error& error) {
  return error.code == Code::kCancelled || error.code == Code::kTimeout;
}

Result<void> look_at_tree(const Sources& sources, const AnalyzeOptions& options, Report& report,
                          const CancelToken& cancel) {
  TRY_ASSIGN(Listing listing, list_files(sources, options, cancel));
  report.origin = listing.origin;
  report.commit = std::move(listing.commit);
  report.notes = std::move(listing.notes);
  report.repeatable = listing.repeatable;
  TRY_ASSIGN(Survey survey,
             make_survey(std::move(listing.index), *listing.contents, sources.pool, cancel));
  report.tree.notes = survey.notes;
  FactCache cache(sources.store, *listing.contents, sources.files.root(),
                  report.origin == Origin::kRevision ? FactCache::Origin::kRevision
                                                     : FactCache::Origin::kWorkingTree,
                  options.refresh);
  TRY(run_parts(all_parts(), {survey, *listing.contents, cache, sources.pool, cancel}, report));
  report.files_read = cache.files_read();
  return {};
}

}  // namespace

Result<Report> analyze(const Sources& sources, const AnalyzeOptions& options,
                       const CancelToken& cancel) {
  Report report;
  if (options.tree) TRY(look_at_tree(sources, options, report, cancel));
  if (options.git) {
    auto facts = sources.repository.facts(cancel);
    if (facts) {
      report.git = std::move(*facts);
    } else if (stopped(facts.error())) {
      return Failure(std::move(facts).error());
    } else {
      report.repeatable = report.repeatable && facts.error().code == Code::kNotFound;
      report.git_missing = facts.error().message;
    }
  }
  return report;
}

Result<Report> analyze(const sandbox::Workspace& files, git::GitClient& git, store::Store& store,
                       pool::Pool& pool, const Clock& clock, const AnalyzeOptions& options,
                       const CancelToken& cancel) {
  GitRepository repository(git);
  return analyze({files, repository, store, pool, clock}, options, cancel);
}

}  // namespace quarry::analysis
