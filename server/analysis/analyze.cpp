#include "server/analysis/analyze.h"

#include <algorithm>

#include "server/analysis/fact_cache.h"
#include "server/analysis/last_look.h"
#include "server/analysis/listing.h"
#include "server/analysis/part.h"
#include "server/analysis/project/redact.h"
#include "server/analysis/survey.h"

namespace quarry::analysis {
namespace {

bool stopped(const Error& error) {
  return error.code == Code::kCancelled || error.code == Code::kTimeout;
}

Result<std::unique_ptr<LastLook>> look_anew(const Sources& sources, const AnalyzeOptions& options,
                                            const CancelToken& cancel) {
  auto look = std::make_unique<LastLook>();
  look->checked_ns = sources.clock.steady_ns();
  TRY_ASSIGN(look->listing, list_files(sources, options, cancel));
  TRY_ASSIGN(look->survey, make_survey(std::move(look->listing.index), *look->listing.contents,
                                       sources.pool, cancel));
  find_uncovered(*look);
  return look;
}

Result<void> look_at_tree(const Sources& sources, const AnalyzeOptions& options, Report& report,
                          const CancelToken& cancel) {
  std::vector<std::uint32_t> changed;
  std::unique_ptr<LastLook> look = take_last_look(sources, options);
  bool renewed = false;
  if (look != nullptr) {
    TRY_ASSIGN(renewed, renew(*look, sources, changed, cancel));
  }
  if (!renewed) {
    TRY_ASSIGN(look, look_anew(sources, options, cancel));
  }
  const Listing& listing = look->listing;
  report.origin = listing.origin;
  report.commit = listing.commit;
  report.notes = listing.notes;
  report.repeatable = listing.repeatable;
  report.tree.notes = look->survey.notes;
  FactCache cache(sources.store, *listing.contents, sources.files.root(),
                  report.origin == Origin::kRevision ? FactCache::Origin::kRevision
                                                     : FactCache::Origin::kWorkingTree,
                  options.refresh);
  TRY(run_parts(all_parts(),
                {look->survey, *listing.contents, cache, sources.pool, cancel, look->memory,
                 renewed ? &changed : nullptr},
                report));
  cache.save();
  report.files_read = cache.files_read();
  if (report.repeatable) leave_last_look(sources, options, std::move(look));
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
      // What somebody wrote into a message is text of the repository too.
      report.git->last_commit_subject = project::redacted(report.git->last_commit_subject);
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
                       pool::Pool& pool, const Clock& clock, search::Catalogue* catalogue,
                       const AnalyzeOptions& options, const CancelToken& cancel) {
  GitRepository repository(git);
  return analyze({files, repository, store, pool, clock, catalogue}, options, cancel);
}

}  // namespace quarry::analysis
