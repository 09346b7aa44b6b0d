#include "server/search/selection.h"

#include <utility>

#include "server/sandbox/shown.h"
#include "server/search/content_index.h"
#include "server/search/known_walk.h"
#include "server/search/recency.h"
#include "server/search/snapshot.h"

namespace quarry::search {
namespace {

// What every match of the pattern contains, as the index takes it.
index::Query lookup(const Required& required) {
  std::vector<index::Query> all;
  for (const std::vector<std::string>& texts : required.all) {
    std::vector<index::Query> any;
    any.reserve(texts.size());
    for (const std::string& text : texts) any.push_back(index::Query::text(text, required.fold));
    all.push_back(index::Query::any(std::move(any)));
  }
  return index::Query::all(std::move(all));
}

Sifted one(Walk::Place file) {
  Sifted taken;
  taken.read.push_back(file);
  return taken;
}

Sifted take(const Walk& walk, const FileFilter& filter, const Stop& stop) {
  Sifted taken;
  taken.read = walk.files();
  keep_taken(walk, filter, stop, taken);
  return taken;
}

}  // namespace

void keep_taken(const Walk& walk, const FileFilter& filter, const Stop& stop, Sifted& files) {
  if (filter.takes_all()) return;
  Pace pace(stop);
  std::string path;
  files.filtered = std::erase_if(files.read, [&](Walk::Place place) {
    path.clear();
    walk.append_path(path, place);
    if (pace.over(filter.steps(path.size()))) {
      ++files.unjudged;
      return true;
    }
    return !filter.takes(path);
  });
  files.filtered -= files.unjudged;
}

void Selection::Reading::count_unread(Counts& counts) const {
  counts.files_searched += searched;
  counts.binary += binary;
  counts.not_reached += unjudged;
  counts.stopped = counts.stopped || unjudged > 0;
}

Result<Selection> Selection::make(const Engine& engine, const sandbox::Path& path,
                                  const FileFilter& filter, bool include_ignored,
                                  const Stop& stop) {
  Selection selection(engine, path, filter);
  if (engine.snapshot != nullptr) {
    TRY_ASSIGN(SnapshotPart part, find_part(*engine.snapshot, path));
    if (part.entry && part.walk.entry(*part.entry).kind != sandbox::Kind::kFile) {
      return fail(Code::kInvalidArgs, "'{}' is a {} {}; name a file or a directory",
                  sandbox::shown_name(path.display()),
                  snapshot_kind(part.walk.entry(*part.entry).kind), engine.snapshot->label());
    }
    selection.walk_ = std::move(part.walk);
    selection.file_ = part.entry;
    return selection;
  }
  const auto found = engine.workspace.target_metadata(path);
  if (!found && found.error().code == Code::kNotFound) return engine.workspace.missing(path);
  TRY_ASSIGN(const sandbox::Metadata metadata, found);
  if (metadata.kind != sandbox::Kind::kDirectory) {
    TRY(engine.workspace.open_file(path));  // says what is wrong with it
    return selection;
  }
  WalkOptions options;
  options.include_ignored = include_ignored;
  TRY_ASSIGN(selection.walk_, known_walk(engine, path, options, stop));
  return selection;
}

Sifted Selection::sift(std::span<const Matcher* const> matchers, const Stop& stop) const {
  if (engine_.snapshot != nullptr) return file_ ? one(*file_) : take(*walk_, filter_, stop);
  ContentIndex* const index =
      engine_.catalogue == nullptr ? nullptr : engine_.catalogue->contents();
  if (index == nullptr) return take(*walk_, filter_, stop);
  std::vector<index::Query> any;
  any.reserve(matchers.size());
  for (const Matcher* matcher : matchers) any.push_back(lookup(matcher->required()));
  Sifted sifted = index->sift(*walk_, index::Query::any(std::move(any)), filter_, stop);
  engine_.catalogue->had_to_read(sifted.read.size());
  return sifted;
}

Selection::Reading Selection::reading(std::span<const Matcher* const> matchers, const Stop& stop,
                                      bool newest_first) const {
  if (!walk_) return {Corpus(engine_.workspace, path_)};
  Sifted sifted = sift(matchers, stop);
  bool dated = true;
  if (newest_first && engine_.snapshot == nullptr) {
    std::vector<std::uint32_t> order;
    dated = order_by_mtime(engine_, *walk_, sifted.read, sifted.read.size(), stop, order);
    std::vector<Walk::Place> sorted;
    sorted.reserve(order.size());
    for (const std::uint32_t index : order) sorted.push_back(sifted.read[index]);
    sifted.read = std::move(sorted);
  }
  Corpus corpus = engine_.snapshot != nullptr
                      ? Corpus(engine_, *walk_, std::move(sifted.read))
                      : Corpus(engine_.workspace, *walk_, std::move(sifted.read));
  return {std::move(corpus),
          sifted.filtered,
          sifted.unjudged,
          sifted.searched,
          sifted.binary,
          sifted.scan,
          dated};
}

}  // namespace quarry::search
