// WorkingContents: files as they are on disk, identified by their stamps. Safe from any thread.

#pragma once

#include "server/analysis/contents.h"
#include "server/base/clock.h"
#include "server/sandbox/workspace.h"

namespace quarry::analysis {

// A path that a repository tells, as a Path. It is foreign: what is no path below the root is none.
std::optional<sandbox::Path> path_of(std::string_view raw);
// The same of a directory; "" is the root.
std::optional<sandbox::Path> directory_path(std::string_view raw);

class WorkingContents final : public Contents {
 public:
  WorkingContents(const sandbox::Workspace& files, const Clock& clock)
      : files_(files), clock_(clock) {}

  void identify(const FileIndex& index, const FileIndex::Directory& directory,
                std::span<const std::uint32_t> files, std::span<State> states) const override;
  Result<void> sample(const FileIndex& index, const FileIndex::Directory& directory,
                      std::span<const std::uint32_t> files, const Visit& visit,
                      const CancelToken& cancel) const override;
  Result<Content> read(const git::TrackedFile& file, std::uint64_t max_bytes,
                       const CancelToken& cancel) const override;
  Identity identity(const git::TrackedFile& file) const override;

 private:
  Identity identity(const sandbox::Stamp& stamp) const;

  const sandbox::Workspace& files_;
  const Clock& clock_;
};

}  // namespace quarry::analysis
