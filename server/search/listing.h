// Listing: the entries of one directory as they were read, with their kinds and whether the ignore
// rules leave them out.
//
// Entries are in the order of whole paths: a directory sorts as if its name ended in '/'. What is
// named `.git` is not an entry. A linked worktree inside a repository is not read: its files are
// the repository's once more.
//
// Immutable once shared, but for the times: an entry's time is asked for when somebody wants it
// and kept for a while. Identity: as long as a Catalogue gives the same Listing for a directory,
// nothing in that directory has changed that a watch tells of, neither a name nor the content of a
// file, through whatever name in the tree it was written.
//
// const members are safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/sandbox/workspace.h"
#include "server/search/ignore.h"
#include "server/search/kept_times.h"
#include "server/search/stop.h"

namespace quarry::search {

using ObjectId = std::array<char, 20>;  // git's, of a blob

struct WalkEntry {
  std::uint32_t name_at = 0;  // into the Listing's names
  std::uint16_t name_size = 0;
  sandbox::Kind kind = sandbox::Kind::kUnknown;
  bool ignored = false;
  std::int32_t child = -1;  // index among the children of the TreeNode; -1: not entered
  std::uint32_t inode = 0;  // its lowest bits; 0 in what is put together by hand
};

// What lies in one directory, or in a whole tree, for the coverage line.
struct EntryCounts {
  std::uint64_t regular = 0;  // files that are not ignored
  std::uint64_t symlinks = 0;
  std::uint64_t special = 0;  // FIFOs, sockets, devices
  std::uint64_t ignored_files = 0;
  std::uint64_t ignored_directories = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t unsure = 0;  // not read as they are, for a reason that may be over
  std::uint64_t too_deep = 0;
  std::uint64_t worktrees = 0;  // linked ones, not entered
  // Not for the coverage line.
  std::uint64_t noted = 0;      // notes
  std::uint64_t far_rules = 0;  // directories whose rules lie elsewhere in the tree too
  std::uint64_t listings = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // of memory

  EntryCounts& operator+=(const EntryCounts& other);
};

struct Listing {
  std::string_view name(const WalkEntry& entry) const {
    return {names.data() + entry.name_at, entry.name_size};
  }
  // The entry of that name, or null.
  const WalkEntry* find(std::string_view wanted) const;
  // It has entries, and the rules leave out each of them.
  bool all_ignored() const {
    return read && !cut && !full && !unsure && visible == 0 &&
           counts.ignored_files + counts.ignored_directories > 0;
  }
  // Fills in `counts` and `visible`; of what is put together by hand.
  void count();

  sandbox::Path path;
  bool read = false;  // its entries are known, all of them unless cut or full
  bool unreadable = false;
  bool unsure = false;  // it or an ignore file could not be read, for a reason that may be over
  bool worktree = false;
  bool cut = false;   // time was up before the end
  bool full = false;  // there are more than the most
  std::uint64_t inode = 0;
  std::vector<WalkEntry> entries;
  std::string names;
  // Of what lies in it. Owners: the listings below.
  std::shared_ptr<const IgnoreLevel> level;
  std::vector<std::string> notes;  // ignore files that were not read, and why
  KeptTimes times;                 // mtime in ns of each entry
  // Of each entry; of a Snapshot's listing only.
  std::vector<ObjectId> ids;
  std::vector<std::uint64_t> sizes;
  EntryCounts counts;         // of its own entries
  std::uint64_t visible = 0;  // entries that are not ignored
};

// Says of a file's name whether something is wanted of it, in a few steps.
using Wanted = std::function<bool(std::string_view name)>;

struct ListingOptions {
  bool include_ignored = false;  // ask no rules
  bool enter_worktree = false;
  std::size_t max_entries = 0;
  const Wanted* dated = nullptr;  // whose times are asked for while the directory is open
};

// Reads `path`. `parents` is the level that holds for the directory itself. The error is that of
// opening it; the listing then holds what is known without its entries.
Result<void> read_listing(const sandbox::Workspace& workspace, const sandbox::Path& path,
                          const std::shared_ptr<const IgnoreLevel>& parents,
                          const ListingOptions& options, const Stop& stop, Listing& listing);

}  // namespace quarry::search
