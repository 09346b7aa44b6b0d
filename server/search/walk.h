// Walk: the tree below some directories, as it was read: every entry, with its kind and whether
// the ignore rules leave it out.
//
// Directories are opened one at a time, never through a symlink that was found on the way, at
// most kMaxDepth deep; mount points are crossed; what is named `.git` is not an entry. An ignored
// directory is an entry that was not read. The result does not depend on the number of threads:
// entries are in path order (bytes of the whole path, '/' included).
//
// A start directory is read even where the rules of its parents leave it out, and the rules of
// all ignore files from the root down apply to what lies in it.
//
// Immutable after walk(); const, safe from any thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/limits.h"
#include "server/pool/pool.h"
#include "server/sandbox/workspace.h"
#include "server/search/stop.h"

namespace quarry::search {

struct WalkOptions {
  static constexpr int kMaxDepth = standard<int>(Limit::kSearchDepth);
  static constexpr std::size_t kMaxEntries = standard<std::size_t>(Limit::kSearchEntries);

  bool include_ignored = false;  // ask no rules
  int depth = kMaxDepth;         // levels of directories that are read
  std::size_t max_entries = kMaxEntries;
};

struct WalkEntry {
  std::string_view name;  // into the WalkDirectory's names
  sandbox::Kind kind = sandbox::Kind::kUnknown;
  bool ignored = false;
  std::int32_t directory = -1;  // index of the directory that was read for it
};

struct WalkDirectory {
  sandbox::Path path;
  int depth = 1;
  bool read = false;  // its entries are known, all of them unless the walk was cut
  bool unreadable = false;
  std::vector<WalkEntry> entries;
  std::vector<char> names;
};

struct Walk {
  // A file of the tree: entries[entry] of directories[directory].
  struct Place {
    std::uint32_t directory;
    std::uint32_t entry;
  };

  std::vector<WalkDirectory> directories;  // the start directories first, in their order
  std::uint64_t ignored_files = 0;         // every ignored entry that is no directory
  std::uint64_t ignored_directories = 0;
  std::uint64_t symlinks = 0;  // not ignored; never followed
  std::uint64_t special = 0;   // FIFOs, sockets, devices
  std::uint64_t unreadable = 0;
  std::uint64_t too_deep = 0;      // directories below the deepest level that may be read
  bool stopped = false;            // cancelled, or out of time: there is more
  std::size_t full_at = 0;         // not 0: so many entries were read and there is more
  std::vector<std::string> notes;  // ignore files that were not read, and why

  const WalkEntry& entry(Place place) const {
    return directories[place.directory].entries[place.entry];
  }
  // The path of an entry, from the root.
  sandbox::Path path(Place place) const {
    return directories[place.directory].path.child(entry(place).name);
  }
  void append_path(std::string& out, Place place) const;
  // Every regular file that is not ignored, in path order; with `symlinks` those too.
  std::vector<Place> files(bool with_symlinks = false) const;
  // The ignored regular files themselves (not those in ignored directories), and the paths of the
  // ignored directories.
  std::vector<Place> ignored_places() const;
  std::vector<sandbox::Path> ignored_paths() const;
};

// Reads the trees below `starts`. An error only when one of them cannot be opened at all.
Result<Walk> walk(const sandbox::Workspace& workspace, std::span<const sandbox::Path> starts,
                  const WalkOptions& options, pool::Pool& pool, const Stop& stop);

}  // namespace quarry::search
