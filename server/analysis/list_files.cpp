#include "server/analysis/list_files.h"

#include <algorithm>

#include "server/base/figures.h"
#include "server/search/walk.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kChunk = 512;  // files whose sizes one worker asks for at a time
constexpr std::uint32_t kPlainMode = 0100644;
constexpr std::uint32_t kExecutableMode = 0100755;

void note_count(std::vector<std::string>& notes, std::uint64_t count, std::string_view one,
                std::string_view many) {
  if (count == 0) return;
  std::string note = "not looked at: ";
  append_count(note, count);
  notes.push_back(note.append(" ").append(count == 1 ? one : many));
}

}  // namespace

Result<FileList> list_by_walk(const Sources& sources, const sandbox::Path& top,
                              const CancelToken& cancel) {
  const search::Stop stop(cancel, sources.clock);
  TRY_ASSIGN(const search::Walk walk,
             search::walk(sources.files, std::span(&top, 1), {}, sources.pool, stop));
  TRY(cancel.check());
  const std::vector<search::Walk::Place> places = walk.files();
  FileList list;
  list.files.resize(places.size());
  sources.pool.fork_join((places.size() + kChunk - 1) / kChunk,
                         [&](std::size_t chunk) {
                           const std::size_t end = std::min(places.size(), (chunk + 1) * kChunk);
                           for (std::size_t i = chunk * kChunk; i < end; ++i) {
                             const sandbox::Path path = walk.path(places[i]);
                             const auto metadata = sources.files.metadata(path);
                             // A file that went away since the walk stays in the list as an empty
                             // one.
                             list.files[i].path = path.text();
                             if (!metadata) continue;
                             list.files[i].size = static_cast<std::uint64_t>(metadata->stamp.size);
                             list.files[i].mode =
                                 (metadata->mode & 0100U) != 0 ? kExecutableMode : kPlainMode;
                           }
                         },
                         &cancel);
  TRY(cancel.check());
  list.repeatable = !walk.stopped && walk.unreadable == 0;
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
