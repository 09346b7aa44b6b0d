#include "server/search/walk.h"

#include <algorithm>
#include <cstring>

#include "server/search/ignore_files.h"

namespace quarry::search {
namespace {

using sandbox::Dir;
using sandbox::Kind;
using sandbox::Path;

constexpr std::size_t kFewDirectories = 4;  // not worth waking a worker for
constexpr std::size_t kMaxNotes = 16;

// What a directory's reader leaves for its children, beside the WalkDirectory.
struct Reading {
  std::shared_ptr<const IgnoreLevel> level;  // in: of the parents; out: of this directory
  std::vector<std::string> notes;
  bool cut = false;   // stopped before the end
  bool full = false;  // max_entries
};

// Order of whole paths: a directory sorts as if its name ended in '/'.
bool comes_before(const WalkEntry& a, const WalkEntry& b) {
  const std::size_t common = std::min(a.name.size(), b.name.size());
  const int order = std::memcmp(a.name.data(), b.name.data(), common);
  if (order != 0) return order < 0;
  const auto next = [common](const WalkEntry& entry) -> int {
    if (entry.name.size() > common) return static_cast<unsigned char>(entry.name[common]);
    return entry.kind == Kind::kDirectory ? '/' : -1;
  };
  return next(a) < next(b);
}

// Reads the names and kinds; says which ignore files there are.
IgnoreNames read_entries(Dir& opened, WalkDirectory& directory, Reading& reading,
                         const WalkOptions& options, const Stop& stop) {
  IgnoreNames names;
  std::vector<std::size_t> starts;
  Dir::Entry entry;
  while (true) {
    auto more = opened.next(entry);
    if (!more) directory.unreadable = true;
    if (!more || !*more) break;
    if (entry.name == ".git") {
      names.repository = true;
      continue;
    }
    if (entry.name == ".gitignore") names.git = true;
    if (entry.name == ".ignore") names.ignore = true;
    if (directory.entries.size() >= options.max_entries) {
      reading.full = true;
      break;
    }
    if (directory.entries.size() % 1024 == 1023 && stop.now()) {
      reading.cut = true;
      break;
    }
    starts.push_back(directory.names.size());
    directory.names.insert(directory.names.end(), entry.name.begin(), entry.name.end());
    directory.entries.push_back({{}, entry.kind, false, -1});
  }
  starts.push_back(directory.names.size());
  for (std::size_t i = 0; i < directory.entries.size(); ++i) {
    directory.entries[i].name = {directory.names.data() + starts[i], starts[i + 1] - starts[i]};
  }
  return names;
}

Result<void> read_directory(const sandbox::Workspace& workspace, WalkDirectory& directory,
                            Reading& reading, const WalkOptions& options, const Stop& stop) {
  auto opened = workspace.open_directory(directory.path);
  if (!opened) {
    // Gone since its parent was listed: as if it had been before.
    directory.unreadable = opened.error().code != Code::kNotFound;
    return Failure(std::move(opened).error());
  }
  directory.read = true;
  const IgnoreNames names = read_entries(*opened, directory, reading, options, stop);
  std::ranges::sort(directory.entries, comes_before);
  if (options.include_ignored) return {};
  reading.level =
      load_level(*opened, directory.path, names, std::move(reading.level), reading.notes);
  if (reading.level == nullptr) return {};
  std::string path = directory.path.text();
  if (!path.empty()) path.push_back('/');
  const std::size_t base = path.size();
  for (WalkEntry& entry : directory.entries) {
    path.resize(base);
    path.append(entry.name);
    entry.ignored = ignored(reading.level.get(), path, entry.kind == Kind::kDirectory);
  }
  return {};
}

void count(Walk& walk, const WalkEntry& entry) {
  if (entry.ignored) {
    ++(entry.kind == Kind::kDirectory ? walk.ignored_directories : walk.ignored_files);
  } else if (entry.kind == Kind::kSymlink) {
    ++walk.symlinks;
  } else if (entry.kind != Kind::kFile && entry.kind != Kind::kDirectory) {
    ++walk.special;
  }
}

// Takes over what reading directory `index` found and lists its subdirectories at the end.
void append_children(Walk& walk, std::vector<Reading>& readings, std::size_t index,
                     const WalkOptions& options) {
  Reading reading = std::move(readings[index]);
  walk.stopped = walk.stopped || reading.cut;
  if (reading.full) walk.full_at = options.max_entries;
  walk.unreadable += walk.directories[index].unreadable ? 1 : 0;
  for (std::string& note : reading.notes) {
    if (walk.notes.size() < kMaxNotes) walk.notes.push_back(std::move(note));
  }
  const int depth = walk.directories[index].depth + 1;
  for (std::size_t i = 0; i < walk.directories[index].entries.size(); ++i) {
    WalkEntry& entry = walk.directories[index].entries[i];
    count(walk, entry);
    if (entry.kind != Kind::kDirectory || entry.ignored) continue;
    const Path& path = walk.directories[index].path;
    if (depth > WalkOptions::kMaxDepth ||
        path.text().size() + 1 + entry.name.size() > Path::kMaxBytes) {
      ++walk.too_deep;
      continue;
    }
    if (depth > options.depth) continue;
    entry.directory = static_cast<std::int32_t>(walk.directories.size());
    WalkDirectory child;
    child.path = path.child(entry.name);
    child.depth = depth;
    walk.directories.push_back(std::move(child));  // `entry` and `path` are void from here
    readings.push_back({reading.level, {}, false, false});
  }
}

}  // namespace

void Walk::append_path(std::string& out, Place place) const {
  const Path& parent = directories[place.directory].path;
  if (!parent.is_root()) {
    out.append(parent.text());
    out.push_back('/');
  }
  out.append(entry(place).name);
}

std::vector<Walk::Place> Walk::files(bool with_symlinks) const {
  std::vector<Place> places;
  std::vector<Place> open;  // where to go on, innermost last
  std::vector<bool> inner(directories.size(), false);
  for (const WalkDirectory& directory : directories) {
    for (const WalkEntry& entry : directory.entries) {
      if (entry.directory >= 0) inner[static_cast<std::size_t>(entry.directory)] = true;
    }
  }
  for (std::uint32_t start = 0; start < directories.size() && !inner[start]; ++start) {
    open.push_back({start, 0});
    while (!open.empty()) {
      const Place at = open.back();
      if (at.entry == directories[at.directory].entries.size()) {
        open.pop_back();
        continue;
      }
      ++open.back().entry;
      const WalkEntry& found = entry(at);
      if (found.directory >= 0) {
        open.push_back({static_cast<std::uint32_t>(found.directory), 0});
      } else if (!found.ignored &&
                 (found.kind == Kind::kFile || (with_symlinks && found.kind == Kind::kSymlink))) {
        places.push_back(at);
      }
    }
  }
  return places;
}

std::vector<Walk::Place> Walk::ignored_places() const {
  std::vector<Place> places;
  for (std::uint32_t d = 0; d < directories.size(); ++d) {
    for (std::uint32_t e = 0; e < directories[d].entries.size(); ++e) {
      const WalkEntry& found = directories[d].entries[e];
      if (found.ignored && found.kind == Kind::kFile) places.push_back({d, e});
    }
  }
  return places;
}

std::vector<Path> Walk::ignored_paths() const {
  std::vector<Path> paths;
  for (const WalkDirectory& directory : directories) {
    for (const WalkEntry& entry : directory.entries) {
      if (entry.ignored && entry.kind == Kind::kDirectory) {
        paths.push_back(directory.path.child(entry.name));
      }
    }
  }
  return paths;
}

Result<Walk> walk(const sandbox::Workspace& workspace, std::span<const Path> starts,
                  const WalkOptions& options, pool::Pool& pool, const Stop& stop) {
  Walk walk;
  std::vector<Reading> readings;
  for (const Path& start : starts) {
    walk.directories.emplace_back().path = start;
    Reading& reading = readings.emplace_back();
    if (!options.include_ignored) {
      reading.level = load_parents(workspace, start, reading.notes);
    }
  }
  std::size_t begin = 0;
  std::size_t entries = 0;
  while (begin < walk.directories.size()) {
    const std::size_t end = walk.directories.size();
    std::vector<Result<void>> results(begin == 0 ? end : 0);
    const auto read = [&](std::size_t i) {
      if (stop.now()) {
        readings[begin + i].cut = true;
        return;
      }
      auto result = read_directory(workspace, walk.directories[begin + i], readings[begin + i],
                                   options, stop);
      if (begin == 0) results[i] = std::move(result);
    };
    if (end - begin < kFewDirectories) {
      for (std::size_t i = 0; i < end - begin; ++i) read(i);
    } else {
      pool.fork_join(end - begin, read);
    }
    for (Result<void>& result : results) TRY(std::move(result));
    for (std::size_t i = begin; i < end; ++i) {
      entries += walk.directories[i].entries.size();
      append_children(walk, readings, i, options);
    }
    if (stop.cancelled()) return fail(Code::kCancelled, "cancelled");
    if (entries >= options.max_entries) walk.full_at = options.max_entries;
    if (walk.stopped || walk.full_at > 0) break;
    begin = end;
  }
  return walk;
}

}  // namespace quarry::search
