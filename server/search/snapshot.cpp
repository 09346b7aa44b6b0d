#include "server/search/snapshot.h"

#include <algorithm>

#include "server/sandbox/shown.h"

namespace quarry::search {
namespace {

using sandbox::Kind;
using sandbox::Path;

// Makes the node of the directory `path` from the files below it.
std::shared_ptr<const TreeNode> make_node(std::span<const SnapshotFile> files, const Path& path,
                                          std::vector<std::string> notes = {}) {
  auto listing = std::make_shared<Listing>();
  listing->path = path;
  listing->notes = std::move(notes);
  listing->read = true;
  std::vector<std::shared_ptr<const TreeNode>> children;
  const std::size_t base = path.is_root() ? 0 : path.text().size() + 1;
  while (!files.empty()) {
    const std::string_view below = files.front().path.substr(base);
    const std::size_t slash = below.find('/');
    const std::string_view name = below.substr(0, slash);
    WalkEntry entry;
    entry.name_at = static_cast<std::uint32_t>(listing->names.size());
    entry.name_size = static_cast<std::uint16_t>(name.size());
    listing->names.append(name);
    if (slash == std::string_view::npos) {
      entry.kind = files.front().kind;
      listing->ids.push_back(files.front().id);
      listing->sizes.push_back(files.front().size);
      files = files.subspan(1);
    } else {
      const std::string_view prefix = files.front().path.substr(0, base + slash + 1);
      const auto end = std::ranges::find_if_not(
          files, [&](const SnapshotFile& file) { return file.path.starts_with(prefix); });
      const auto inside = static_cast<std::size_t>(end - files.begin());
      entry.kind = Kind::kDirectory;
      entry.child = static_cast<std::int32_t>(children.size());
      children.push_back(make_node(files.first(inside), path.child(name)));
      listing->ids.emplace_back();
      listing->sizes.push_back(0);
      files = files.subspan(inside);
    }
    listing->entries.push_back(entry);
  }
  listing->count();
  return TreeNode::make(std::move(listing), std::move(children));
}

}  // namespace

std::shared_ptr<const TreeNode> make_snapshot_tree(std::span<const SnapshotFile> files,
                                                   std::vector<std::string> notes) {
  return make_node(files, Path(), std::move(notes));
}

Result<SnapshotPart> find_part(const Snapshot& snapshot, const Path& path) {
  SnapshotPart part;
  const std::shared_ptr<const TreeNode>& tree = snapshot.tree();
  if (const TreeNode* const top = tree->find(path.text())) {
    part.walk = Walk(tree, *top);
    return part;
  }
  const TreeNode* const parent = tree->find(path.parent().text());
  const WalkEntry* const entry = parent == nullptr ? nullptr : parent->listing->find(path.name());
  if (entry == nullptr) {
    return fail(Code::kNotFound, "no '{}' {}; list_directory with the same ref shows what there is",
                sandbox::shown_name(path.display()), snapshot.label());
  }
  part.walk = Walk(tree, *parent);
  static_cast<EntryCounts&>(part.walk) = {};
  const auto index = static_cast<std::size_t>(entry - parent->listing->entries.data());
  part.entry = {0, static_cast<std::uint32_t>(index)};
  return part;
}

std::string_view snapshot_kind(Kind kind) {
  if (kind == Kind::kFile) return "file";
  return kind == Kind::kSymlink ? "symbolic link" : "submodule";
}

}  // namespace quarry::search
