#include "server/analysis/listing.h"

#include <algorithm>
#include <set>

#include "server/analysis/ecosystem/facts.h"
#include "server/analysis/list_files.h"
#include "server/analysis/project/gather.h"
#include "server/analysis/revision_contents.h"
#include "server/analysis/working_contents.h"
#include "server/base/utf8.h"
#include "server/search/catalogue.h"

namespace quarry::analysis {
namespace {

bool stopped(const Error& error) {
  return error.code == Code::kCancelled || error.code == Code::kTimeout;
}

bool is_above(std::string_view directory, std::string_view top) {
  return directory != top && (directory.empty() || (top.starts_with(directory) &&
                                                    top.substr(directory.size()).starts_with('/')));
}

// A package of a workspace gets its manager and its versions from a manifest above it, which is not
// looked at where the package alone is asked for. "" where there is none.
std::string note_of_above(const std::vector<git::TrackedFile>& files, std::string_view top) {
  using ecosystem::Role;
  std::set<std::string_view> wanted;  // ecosystems
  std::set<std::string_view> locked;
  const auto each = [&](auto&& visit) {
    for (const git::TrackedFile& file : files) {
      const std::string_view directory = project::directory_of(file.path);
      if (directory != top && !is_above(directory, top)) continue;
      const ecosystem::Reader* reader = ecosystem::find_reader(file.path);
      if (reader != nullptr) visit(file.path, *reader, directory == top);
    }
  };
  each([&](std::string_view, const ecosystem::Reader& reader, bool here) {
    if (here && reader.role == Role::kModule) wanted.insert(reader.ecosystem);
    if (here && ecosystem::is_lock(reader)) locked.insert(reader.ecosystem);
  });
  std::string_view found;
  bool lock = false;
  each([&](std::string_view path, const ecosystem::Reader& reader, bool here) {
    const bool own = !wanted.contains(reader.ecosystem) || locked.contains(reader.ecosystem);
    if (here || own || lock) return;
    lock = ecosystem::is_lock(reader);
    if (lock || reader.role == Role::kModule) found = path;
  });
  if (found.empty()) return {};
  const std::string_view above = project::directory_of(found);
  std::string note = "what ";
  utf8::append_escaped_name(note, found);
  note += " tells of this directory is not looked at: path=";
  utf8::append_escaped_name(note, above.empty() ? "." : above);
  return note += " has its package manager, versions and commands";
}

Result<Listing> list_revision(const Sources& sources, const sandbox::Path& top,
                              const std::string& ref, const CancelToken& cancel) {
  TRY_ASSIGN(git::TreeFiles tree, sources.repository.tree_files({ref, top.text()}, cancel));
  Listing listing;
  listing.index = FileIndex(std::move(tree.files), top.text());
  listing.contents = std::make_unique<RevisionContents>(
      sources.repository,
      [&files = sources.files](std::string_view name) { return files.hides(name); });
  listing.origin = Origin::kRevision;
  listing.commit = std::move(tree.commit);
  return listing;
}

}  // namespace

bool is_bare(const Sources& sources, const CancelToken& cancel) {
  if (!sources.files.glance("HEAD") || !sources.files.glance("objects")) return false;
  const auto facts = sources.repository.facts(cancel);
  return facts && facts->bare && !facts->unborn;
}

std::optional<sandbox::Stamp> git_index_stamp(const Sources& sources) {
  // Beneath the root: `.git` may be a link that leads out of it.
  const auto path = sources.files.parse(".git/index");
  if (!path) return std::nullopt;
  const auto index = sources.files.metadata(*path);
  if (!index || !sandbox::settled(index->stamp, sources.clock.wall_ms())) return std::nullopt;
  return index->stamp;
}

std::string note_of_walk(const Result<std::vector<git::TrackedFile>>& tracked) {
  if (tracked) return "git tracks no files yet: the directory was walked";
  if (tracked.error().code == Code::kNotFound) {
    return "no git repository: the directory was walked";
  }
  return "git's index cannot be read, so the directory was walked: " + tracked.error().message;
}

Result<Listing> list_files(const Sources& sources, const AnalyzeOptions& options,
                           const CancelToken& cancel) {
  if (!options.ref.empty()) return list_revision(sources, options.path, options.ref, cancel);
  if (is_bare(sources, cancel)) {
    TRY_ASSIGN(Listing listing, list_revision(sources, options.path, "HEAD", cancel));
    listing.notes.emplace_back("a bare repository: its HEAD is looked at");
    return listing;
  }
  if (!options.path.is_root()) {
    TRY_ASSIGN(const sandbox::Metadata metadata, sources.files.target_metadata(options.path));
    if (metadata.kind != sandbox::Kind::kDirectory) {
      std::string shown;
      utf8::append_escaped_name(shown, options.path.display());
      return fail(Code::kInvalidArgs, "'{}' is not a directory; give the directory of a project",
                  shown);
    }
  }
  Listing listing;
  listing.contents = std::make_unique<WorkingContents>(sources.files, sources.clock);
  listing.git_index = git_index_stamp(sources);
  if (sources.catalogue != nullptr) {
    const search::Stop stop(cancel, sources.clock);
    listing.tree =
        sources.catalogue->now(sources.files, sources.pool, stop, search::Effort::kBuild);
    TRY(cancel.check());
  }
  auto tracked = sources.repository.tracked_files(cancel);
  if (tracked && !tracked->empty()) {
    std::string above = note_of_above(*tracked, options.path.text());
    if (!above.empty()) listing.notes.push_back(std::move(above));
    listing.index = FileIndex(std::move(*tracked), options.path.text());
    listing.origin = Origin::kIndex;
    return listing;
  }
  if (!tracked && stopped(tracked.error())) return Failure(std::move(tracked).error());
  listing.notes.push_back(note_of_walk(tracked));
  if (!tracked && tracked.error().code != Code::kNotFound) listing.repeatable = false;
  TRY_ASSIGN(FileList walked, list_by_walk(sources, options.path, listing.tree, cancel));
  listing.index = FileIndex(std::move(walked.files), options.path.text());
  listing.repeatable = listing.repeatable && walked.repeatable;
  if (walked.past_rules) listing.tree.reset();  // it does not know the names
  std::ranges::move(walked.notes, std::back_inserter(listing.notes));
  return listing;
}

}  // namespace quarry::analysis
