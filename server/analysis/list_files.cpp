#include "server/analysis/list_files.h"

#include <algorithm>

#include "server/analysis/file_index.h"
#include "server/analysis/languages.h"
#include "server/analysis/working_contents.h"
#include "server/base/figures.h"
#include "server/search/known_walk.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kChunk = 16;  // directories whose files' sizes one worker asks for at a time

std::uint32_t mode_of(const sandbox::Metadata& metadata) {
  return (metadata.mode & 0100U) != 0 ? kExecutableMode : kPlainMode;
}

// The numbers of the places of each directory that holds any.
std::vector<std::vector<std::uint32_t>> by_directory(
    const std::vector<search::Walk::Place>& places) {
  std::vector<std::vector<std::uint32_t>> groups;
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    const std::size_t directory = places[i].directory;
    if (directory >= groups.size()) groups.resize(directory + 1);
    groups[directory].push_back(i);
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

// Paths, sizes and modes of the files of one directory. A file that went away since the walk stays
// in the list as an empty one.
void describe(const sandbox::Workspace& workspace, const search::Walk& walk,
              const std::vector<search::Walk::Place>& places,
              const std::vector<std::uint32_t>& group, std::vector<git::TrackedFile>& files) {
  for (const std::uint32_t at : group) walk.append_path(files[at].path, places[at]);
  const sandbox::Path parent = walk.path(places[group.front()]).parent();
  const auto directory = workspace.open_directory(parent);
  if (!directory) return;
  for (const std::uint32_t at : group) {
    const auto metadata = directory->metadata(base_name(files[at].path));
    if (!metadata) continue;
    files[at].size = static_cast<std::uint64_t>(metadata->stamp.size);
    files[at].mode = mode_of(*metadata);
  }
}

void note_count(std::vector<std::string>& notes, std::uint64_t count, std::string_view one,
                std::string_view many) {
  if (count == 0) return;
  std::string note = "not looked at: ";
  append_count(note, count);
  notes.push_back(note.append(" ").append(count == 1 ? one : many));
}

}  // namespace

void append_states(const sandbox::Workspace& workspace, const FileIndex& index,
                   const FileIndex::Directory& directory, std::vector<FileState>& states) {
  const auto opened = workspace.open_directory(*directory_path(directory.path));
  for (const std::uint32_t at : index.members(directory)) {
    // As above: a file that went away is an empty one.
    FileState state{at, 0, 0};
    if (opened) {
      const auto metadata = opened->metadata(base_name(index.files()[at].path));
      if (metadata) {
        state.size = static_cast<std::uint64_t>(metadata->stamp.size);
        state.mode = mode_of(*metadata);
      }
    }
    states.push_back(state);
  }
}

Result<FileList> list_by_walk(const Sources& sources, const sandbox::Path& top,
                              const std::shared_ptr<const search::TreeNode>& known,
                              const CancelToken& cancel) {
  const search::Stop stop(cancel, sources.clock);
  search::WalkOptions options;
  search::Walk walk;
  if (known != nullptr && top.is_root()) {
    walk = search::Walk(known, *known);
  } else {
    TRY_ASSIGN(walk, search::walk(sources.files, std::span(&top, 1), options, sources.pool, stop));
  }
  TRY(cancel.check());
  FileList list;
  if (search::pass_rules_by(*walk.directories.front(), options)) {
    TRY_ASSIGN(walk, search::walk(sources.files, std::span(&top, 1), options, sources.pool, stop));
    TRY(cancel.check());
    list.past_rules = true;
    list.notes.emplace_back(search::kRulesPassedBy);
  }
  const std::vector<search::Walk::Place> places = walk.files();
  list.files.resize(places.size());
  const std::vector<std::vector<std::uint32_t>> groups = by_directory(places);
  sources.pool.fork_join((groups.size() + kChunk - 1) / kChunk,
                         [&](std::size_t chunk) {
                           const std::size_t end = std::min(groups.size(), (chunk + 1) * kChunk);
                           for (std::size_t i = chunk * kChunk; i < end; ++i) {
                             describe(sources.files, walk, places, groups[i], list.files);
                           }
                         },
                         &cancel);
  TRY(cancel.check());
  list.repeatable = !walk.stopped && walk.unreadable + walk.unsure == 0;
  note_count(list.notes, walk.ignored_files, "ignored file", "ignored files");
  note_count(list.notes, walk.ignored_directories, "ignored directory", "ignored directories");
  note_count(list.notes, walk.unreadable, "unreadable directory", "unreadable directories");
  note_count(list.notes, walk.too_deep, "directory that lies too deep",
             "directories that lie too deep");
  if (walk.stopped) list.notes.emplace_back("time ran out: the walk is not complete");
  if (walk.full_at > 0) list.notes.emplace_back("too many entries: the walk is not complete");
  list.notes.insert(list.notes.end(), walk.notes.begin(), walk.notes.end());
  return list;
}

}  // namespace quarry::analysis
