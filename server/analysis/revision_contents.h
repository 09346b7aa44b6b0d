// RevisionContents: files as a revision has them, read from a Repository in batches and identified
// by their blobs. Safe from any thread.

#pragma once

#include "server/analysis/contents.h"
#include "server/analysis/repository.h"

namespace quarry::analysis {

class RevisionContents final : public Contents {
 public:
  // `hides`: whether a file of that name may not be shown.
  RevisionContents(Repository& repository, std::function<bool(std::string_view name)> hides)
      : repository_(repository), hides_(std::move(hides)) {}

  void identify(const FileIndex& index, const FileIndex::Directory& directory,
                std::span<const std::uint32_t> files, std::span<State> states) const override;
  Result<void> sample(const FileIndex& index, const FileIndex::Directory& directory,
                      std::span<const std::uint32_t> files, const Visit& visit,
                      const CancelToken& cancel) const override;
  Result<Content> read(const git::TrackedFile& file, std::uint64_t max_bytes,
                       const CancelToken& cancel) const override;
  Identity identity(const git::TrackedFile& file) const override;

 private:
  Repository& repository_;
  const std::function<bool(std::string_view)> hides_;
};

}  // namespace quarry::analysis
