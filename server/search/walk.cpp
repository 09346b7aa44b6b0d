#include "server/search/walk.h"

#include <algorithm>

#include "server/search/ignore_files.h"

namespace quarry::search {
namespace {

using sandbox::Kind;
using sandbox::Path;

constexpr std::size_t kMaxNotes = 16;

void flatten(const TreeNode& node, Walk& walk) {
  walk.directories.push_back(&node);
  for (const auto& child : node.children) flatten(*child, walk);
}

void gather_notes(const TreeNode& node, std::vector<std::string>& notes) {
  if (node.counts.noted == 0) return;
  for (const std::string& note : node.listing->notes) {
    if (notes.size() < kMaxNotes) notes.push_back(note);
  }
  for (const auto& child : node.children) gather_notes(*child, notes);
}

// Lists the files below `node`, whose number is `number`; returns the number of the next one.
std::uint32_t append_files(const TreeNode& node, std::uint32_t number, bool with_symlinks,
                           std::vector<Walk::Place>& places) {
  std::uint32_t next = number + 1;
  const std::vector<WalkEntry>& entries = node.listing->entries;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const WalkEntry& entry = entries[i];
    if (entry.child >= 0) {
      next = append_files(*node.children[static_cast<std::size_t>(entry.child)], next,
                          with_symlinks, places);
    } else if (!entry.ignored &&
               (entry.kind == Kind::kFile || (with_symlinks && entry.kind == Kind::kSymlink))) {
      places.push_back({number, i});
    }
  }
  return next;
}

}  // namespace

Walk::Walk(std::shared_ptr<const TreeNode> tree, const TreeNode& top)
    : EntryCounts(top.counts), tree_(std::move(tree)) {
  directories.reserve(top.counts.listings);
  flatten(top, *this);
  gather_notes(top, notes);
}

Walk::Walk(const TreeReading& reading) : Walk(reading.top, *reading.top) {
  stopped = reading.stopped;
  full_at = reading.full_at;
}

void Walk::add_notes(const std::vector<std::string>& above) {
  notes.insert(notes.begin(), above.begin(), above.end());
  if (notes.size() > kMaxNotes) notes.resize(kMaxNotes);
}

void Walk::append_path(std::string& out, Place place) const {
  const Path& parent = listing(place.directory).path;
  if (!parent.is_root()) {
    out.append(parent.text());
    out.push_back('/');
  }
  out.append(name(place));
}

std::vector<Walk::Place> Walk::files(bool with_symlinks) const {
  std::vector<Place> places;
  if (directories.empty()) return places;
  places.reserve(regular + (with_symlinks ? symlinks : 0));
  append_files(*directories.front(), 0, with_symlinks, places);
  return places;
}

std::vector<Walk::Place> Walk::ignored_places() const {
  std::vector<Place> places;
  for (std::uint32_t d = 0; d < directories.size(); ++d) {
    if (listing(d).counts.ignored_files == 0) continue;
    const std::vector<WalkEntry>& in = listing(d).entries;
    for (std::uint32_t e = 0; e < in.size(); ++e) {
      if (in[e].ignored && in[e].kind == Kind::kFile) places.push_back({d, e});
    }
  }
  return places;
}

std::vector<Path> Walk::ignored_paths() const {
  std::vector<Path> paths;
  for (const TreeNode* const node : directories) {
    const Listing& in = *node->listing;
    if (in.counts.ignored_directories == 0) continue;
    for (const WalkEntry& one : in.entries) {
      if (one.ignored && one.kind == Kind::kDirectory) {
        paths.push_back(in.path.child(in.name(one)));
      }
    }
  }
  return paths;
}

Result<Walk> walk(const sandbox::Workspace& workspace, std::span<const Path> start,
                  const WalkOptions& options, pool::Pool& pool, const Stop& stop) {
  TreeStart from;
  from.path = start.front();
  std::vector<std::string> notes;
  if (!options.include_ignored) from.parents = load_parents(workspace, from.path, notes);
  TRY_ASSIGN(const TreeReading reading, read_tree(workspace, from, options, pool, stop));
  Walk walk(reading);
  walk.add_notes(notes);
  return walk;
}

}  // namespace quarry::search
