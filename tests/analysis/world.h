// World: a working tree on disk, with a repository that lists its files, to be analysed as a server
// would do it.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "server/analysis/analyze.h"
#include "tests/support/temp_workspace.h"

namespace quarry::analysis::test {

// An hour ahead, so that files written a moment ago count as settled.
class LateClock final : public Clock {
 public:
  std::int64_t steady_ns() const override { return real_.steady_ns(); }
  std::int64_t wall_ms() const override { return real_.wall_ms() + ahead_ms; }
  std::int64_t ahead_ms = 3'600'000;

 private:
  SystemClock real_;
};

class FakeRepository final : public Repository {
 public:
  Result<std::vector<git::TrackedFile>> tracked_files(const CancelToken&) override {
    ++lists;
    if (error) return Failure(*error);
    return files;
  }
  Result<git::RepositoryFacts> facts(const CancelToken&) override {
    if (error) return Failure(*error);
    git::RepositoryFacts facts;
    facts.branch = "main";
    return facts;
  }
  Result<git::TreeFiles> tree_files(const git::TreeOptions& options, const CancelToken&) override {
    ++lists;
    if (options.ref != "v1") return fail(Code::kNotFound, "no revision");
    return git::TreeFiles{"0123456789abcdef0123456789abcdef01234567", files};
  }
  Result<std::vector<git::Blob>> blobs(const git::BlobsOptions& options,
                                       const CancelToken&) override {
    std::vector<git::Blob> answer;
    for (const std::string& id : options.ids) {
      blobs_read += id.empty() ? 0 : 1;
      const auto at = contents.find(id);
      if (at == contents.end()) {
        answer.emplace_back();
      } else {
        answer.push_back({true, at->second.size(), at->second.substr(0, options.max_bytes)});
      }
    }
    return answer;
  }
  std::map<std::string, std::string> contents;  // by blob
  int blobs_read = 0;
  std::vector<git::TrackedFile> files;
  std::optional<Error> error;
  int lists = 0;
};

struct World {
  explicit World(const std::map<std::string, std::string>& files)
      : tree(files), workspace(std::move(*sandbox::Workspace::open(tree.root()))) {
    for (const auto& [path, content] : files) {
      if (path.starts_with(".git/")) continue;
      repository.files.push_back({path, 0100644, content.size(), ""});
    }
  }

  Result<Report> analyze(AnalyzeOptions options = {}) {
    const CancelToken cancel(clock);
    return analysis::analyze({*workspace, repository, *store, pool, clock}, options, cancel);
  }
  Report report(AnalyzeOptions options = {}) {
    auto report = analyze(std::move(options));
    REQUIRE(report);
    return *report;
  }

  quarry::test::TempWorkspace tree;
  std::unique_ptr<sandbox::Workspace> workspace;
  FakeRepository repository;
  std::unique_ptr<store::Store> store = store::Store::in_memory();
  pool::Pool pool{{.workers = 0}};
  LateClock clock;
};

}  // namespace quarry::analysis::test
