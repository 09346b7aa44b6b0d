#include "server/search/replace_targets.h"

#include "server/base/format.h"
#include "server/search/count_matches.h"
#include "server/search/coverage.h"
#include "server/search/file_filter.h"
#include "server/search/known_walk.h"
#include "server/search/selection.h"

namespace quarry::search {

Result<ReplaceTargets> find_targets(const Replacer& replacer, const sandbox::Path& path,
                                    std::string_view glob, const Engine& engine) {
  const Stop stop(engine.cancel, engine.clock);
  TRY_ASSIGN(const FileFilter filter, FileFilter::make(glob, "", path));
  TRY_ASSIGN(const sandbox::Metadata metadata, engine.workspace.target_metadata(path));
  ReplaceTargets targets;
  if (metadata.kind != sandbox::Kind::kDirectory) {
    if (!filter.takes_all() && !filter.takes(path.display())) {
      targets.coverage = "the file, which is outside glob";
      return targets;
    }
    TRY(engine.workspace.open_file(path));  // says what is wrong with it
    targets.files.push_back(path);
    targets.files_searched = 1;
    return targets;
  }
  TRY_ASSIGN(const Walk tree, known_walk(engine, path, {}, stop));
  std::vector<Walk::Place> places = tree.files();
  Sifted taken;
  taken.read = std::move(places);
  keep_taken(tree, filter, stop, taken);
  places = std::move(taken.read);
  const Corpus corpus(engine.workspace, tree, places);
  const Counts counts = count_matches(
      engine, corpus, replacer.matcher(),
      {.per_file = 1,
       .fold_line_ends = replacer.matcher().multiline() && !replacer.asks_for_returns()},
      stop);
  TRY(engine.cancel.check());
  if (counts.stopped || counts.not_reached > 0 || taken.unjudged > 0 || tree.stopped ||
      tree.full_at > 0) {
    return fail(Code::kUnavailable,
                "not all files could be searched in time; narrow path or glob; nothing was "
                "changed");
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (counts.files[i].matches > 0) targets.files.push_back(tree.path(places[i]));
  }
  targets.files_searched = counts.files_searched;
  targets.notes = tree.notes;
  Parts skipped;
  skipped.add(counts.binary, "binary");
  skipped.add(counts.too_large, "too large");
  skipped.add(counts.unreadable, "unreadable");
  skipped.add(counts.secret, counts.secret == 1 ? "file for secrets" : "files for secrets");
  if (counts.lines_over_limit > 0) {
    const bool whole = replacer.matcher().multiline();
    skipped.add(counted(counts.lines_over_limit, whole ? "file" : "line") +
                " over the match limit");
  }
  skipped.add(taken.filtered, "outside glob");
  if (tree.ignored_files + tree.ignored_directories > 0) {
    skipped.add(tree.ignored_files, tree.ignored_files == 1 ? "ignored file" : "ignored files");
    skipped.add(tree.ignored_directories,
                tree.ignored_directories == 1 ? "ignored directory" : "ignored directories");
  }
  skipped.add(tree.symlinks, tree.symlinks == 1 ? "symlink" : "symlinks");
  skipped.add(tree.unreadable, "unreadable directories");
  targets.coverage = skipped.text();
  return targets;
}

}  // namespace quarry::search
