// Repository: what an analysis asks of git: a git::GitClient, or a test's own. Safe from any
// thread.

#pragma once

#include <vector>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/git/client.h"

namespace quarry::analysis {

class Repository {
 public:
  virtual ~Repository() = default;
  virtual Result<std::vector<git::TrackedFile>> tracked_files(const CancelToken& cancel) = 0;
  virtual Result<git::RepositoryFacts> facts(const CancelToken& cancel) = 0;
  virtual Result<git::TreeFiles> tree_files(const git::TreeOptions& options,
                                            const CancelToken& cancel) = 0;
  virtual Result<std::vector<git::Blob>> blobs(const git::BlobsOptions& options,
                                               const CancelToken& cancel) = 0;
};

class GitRepository final : public Repository {
 public:
  explicit GitRepository(git::GitClient& git) : git_(git) {}
  Result<std::vector<git::TrackedFile>> tracked_files(const CancelToken& cancel) override {
    return git_.tracked_files(cancel);
  }
  Result<git::RepositoryFacts> facts(const CancelToken& cancel) override {
    return git_.facts(cancel);
  }
  Result<git::TreeFiles> tree_files(const git::TreeOptions& options,
                                    const CancelToken& cancel) override {
    return git_.tree_files(options, cancel);
  }
  Result<std::vector<git::Blob>> blobs(const git::BlobsOptions& options,
                                       const CancelToken& cancel) override {
    return git_.blobs(options, cancel);
  }

 private:
  git::GitClient& git_;
};

}  // namespace quarry::analysis
