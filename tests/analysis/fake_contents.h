// Contents from a map: what is not in it cannot be read. Identities are the contents' hashes.

#pragma once

#include <map>
#include <string>

#include "server/analysis/contents.h"
#include "server/base/hash.h"

namespace quarry::analysis::test {

class FakeContents final : public Contents {
 public:
  explicit FakeContents(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  void identify(const FileIndex& index, const FileIndex::Directory&,
                std::span<const std::uint32_t> files, std::span<State> states) const override {
    for (std::size_t i = 0; i < files.size(); ++i) {
      const git::TrackedFile& file = index.files()[files[i]];
      states[i] = {identity(file), file.size};
    }
  }
  Result<void> sample(const FileIndex& index, const FileIndex::Directory&,
                      std::span<const std::uint32_t> files, const Visit& visit,
                      const CancelToken& cancel) const override {
    TRY(cancel.check());
    for (std::size_t i = 0; i < files.size(); ++i) {
      const git::TrackedFile& file = index.files()[files[i]];
      const auto at = files_.find(file.path);
      if (at == files_.end()) {
        visit(i, nullptr);
        continue;
      }
      const Sample sample{at->second, {}, file.size, identity(file)};
      visit(i, &sample);
    }
    return {};
  }
  Result<Content> read(const git::TrackedFile& file, std::uint64_t,
                       const CancelToken&) const override {
    const auto at = files_.find(file.path);
    if (at == files_.end()) return fail(Code::kNotFound, "it is not there");
    return Content{at->second, identity(file)};
  }
  Identity identity(const git::TrackedFile& file) const override {
    const auto at = files_.find(file.path);
    return at == files_.end() ? 0 : hash64(at->second);
  }

 private:
  const std::map<std::string, std::string> files_;
};

}  // namespace quarry::analysis::test
