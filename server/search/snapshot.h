// Snapshot: a tree that searches may read in place of the one on disk: what a revision has.
//
// Its listings have ids and no ignore rules: all that is tracked is there. const members are safe
// from any thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/base/cancel.h"
#include "server/base/limits.h"
#include "server/search/walk.h"

namespace quarry::search {

class Snapshot {
 public:
  // Of what is larger there is no content.
  static constexpr std::uint64_t kMaxBytes = standard<std::uint64_t>(Limit::kGitObjectBytes);
  // Null: it is missing or damaged. Owners: the snapshot's cache and who reads it.
  using Content = std::shared_ptr<const std::string>;

  virtual ~Snapshot() = default;
  // From the root down.
  virtual const std::shared_ptr<const TreeNode>& tree() const = 0;
  // What the answer calls it: "at v1.0 (abc1234)".
  virtual const std::string& label() const = 0;
  // One for each id, in their order.
  virtual Result<std::vector<Content>> read(std::span<const ObjectId> ids,
                                            const CancelToken& cancel) const = 0;
};

// The tree of these files, which are sorted by path. `notes` are about all of it.
struct SnapshotFile {
  std::string_view path;
  sandbox::Kind kind = sandbox::Kind::kFile;
  ObjectId id{};
  std::uint64_t size = 0;
};
std::shared_ptr<const TreeNode> make_snapshot_tree(std::span<const SnapshotFile> files,
                                                   std::vector<std::string> notes = {});

// The directory `path`, or the entry of another kind that it names; `walk` counts nothing then.
// kNotFound when there is neither.
struct SnapshotPart {
  Walk walk;
  std::optional<Walk::Place> entry;
};
Result<SnapshotPart> find_part(const Snapshot& snapshot, const sandbox::Path& path);

// "file", "symbolic link", "submodule".
std::string_view snapshot_kind(sandbox::Kind kind);

}  // namespace quarry::search
