#include "server/analysis/revision_contents.h"

#include <algorithm>

#include "server/analysis/languages.h"
#include "server/base/hash.h"

namespace quarry::analysis {
namespace {

constexpr std::size_t kBatch = 256;  // blobs of one request

}  // namespace

Identity RevisionContents::identity(const git::TrackedFile& file) const {
  if (!is_regular(file) || file.blob.empty() || hides_(base_name(file.path))) return 0;
  const std::uint64_t hash = hash64(file.blob);
  return hash == 0 ? 1 : hash;
}

void RevisionContents::identify(const FileIndex& index, const FileIndex::Directory& /*directory*/,
                                std::span<const std::uint32_t> files,
                                std::span<State> states) const {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const git::TrackedFile& file = index.files()[files[i]];
    states[i] = {identity(file), file.size};
  }
}

Result<void> RevisionContents::sample(const FileIndex& index,
                                      const FileIndex::Directory& /*directory*/,
                                      std::span<const std::uint32_t> files, const Visit& visit,
                                      const CancelToken& cancel) const {
  for (std::size_t begin = 0; begin < files.size(); begin += kBatch) {
    const auto batch = files.subspan(begin, std::min(kBatch, files.size() - begin));
    git::BlobsOptions options{{}, Sample::kHeadBytes};
    for (const std::uint32_t at : batch) {
      const git::TrackedFile& file = index.files()[at];
      options.ids.push_back(identity(file) == 0 ? std::string() : file.blob);
    }
    TRY_ASSIGN(const std::vector<git::Blob> blobs, repository_.blobs(options, cancel));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const git::Blob& blob = blobs[i];
      const Sample sample{blob.content, {}, blob.size, identity(index.files()[batch[i]])};
      visit(begin + i, blob.present ? &sample : nullptr);
    }
  }
  return {};
}

Result<Content> RevisionContents::read(const git::TrackedFile& file, std::uint64_t max_bytes,
                                       const CancelToken& cancel) const {
  const Identity known = identity(file);
  if (known == 0) return fail(Code::kDenied, "it is no file that may be shown");
  TRY_ASSIGN(std::vector<git::Blob> blobs, repository_.blobs({{file.blob}, max_bytes}, cancel));
  if (blobs.size() != 1 || !blobs[0].present) {
    return fail(Code::kNotFound, "its content is missing from the repository");
  }
  if (blobs[0].size > max_bytes) {
    return fail(Code::kTooLarge, "it is over {} KiB", max_bytes >> 10U);
  }
  return Content{std::move(blobs[0].content), known};
}

}  // namespace quarry::analysis
