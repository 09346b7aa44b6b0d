// Walk: the tree below a directory as a search sees it: its directories in path order, what was
// found in them and what was left out.
//
// The order of everything is that of whole paths (bytes, '/' included), whatever the threads. The
// start directory is read even where the rules of its parents leave it out, and the rules of all
// ignore files from the root down apply to what lies in it.
//
// Immutable; const, safe from any thread. Shares its tree with whoever else holds it.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/search/tree_node.h"

namespace quarry::search {

struct Walk : EntryCounts {
  // An entry of the tree: entries[entry] of the listing of directory `directory`.
  struct Place {
    std::uint32_t directory;
    std::uint32_t entry;
  };

  Walk() = default;
  // Of the part of `tree` below `top`, which belongs to it.
  Walk(std::shared_ptr<const TreeNode> tree, const TreeNode& top);
  explicit Walk(const TreeReading& reading);

  const Listing& listing(std::uint32_t directory) const { return *directories[directory]->listing; }
  const WalkEntry& entry(Place place) const {
    return listing(place.directory).entries[place.entry];
  }
  std::string_view name(Place place) const {
    const Listing& in = listing(place.directory);
    return in.name(in.entries[place.entry]);
  }
  // The path of an entry, from the root.
  sandbox::Path path(Place place) const { return listing(place.directory).path.child(name(place)); }
  void append_path(std::string& out, Place place) const;
  // Puts notes about the directories above in front.
  void add_notes(const std::vector<std::string>& above);
  // Every regular file that is not ignored, in path order; with `symlinks` those too.
  std::vector<Place> files(bool with_symlinks = false) const;
  // The ignored regular files themselves (not those in ignored directories), and the paths of the
  // ignored directories.
  std::vector<Place> ignored_places() const;
  std::vector<sandbox::Path> ignored_paths() const;

  std::vector<const TreeNode*> directories;  // each before those below it, in path order
  bool stopped = false;                      // cancelled, or out of time: there is more
  std::size_t full_at = 0;                   // not 0: so many entries were read and there is more
  std::vector<std::string> notes;            // ignore files that were not read, and why

 private:
  std::shared_ptr<const TreeNode> tree_;
};

// Reads the tree below the one directory in `start` from disk. An error only when it cannot be
// opened at all.
Result<Walk> walk(const sandbox::Workspace& workspace, std::span<const sandbox::Path> start,
                  const WalkOptions& options, pool::Pool& pool, const Stop& stop);

}  // namespace quarry::search
