// RefNames: which branches and tags point at which commit, for the log's decorations.
//
// Read once and kept while packed-refs, HEAD and everything under refs/ are as they were: the
// directories, and the files too, since some programs write over a loose ref in place. Times that
// are not yet older than the clock's grain are not relied on.
//
// Belongs to the helper's one thread.

#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/base/limits.h"
#include "server/git/helper/repository.h"

namespace quarry::git::helper {

class RefNames {
 public:
  // Beyond that many refs, decorations are left out.
  static constexpr std::size_t kMaxRefs = standard<std::size_t>(Limit::kGitRefs);

  // Reads the refs if they changed. Once per request, before the rest.
  Result<void> refresh(const Repository& repository);
  // "HEAD -> main", then "tag: v1", then "main" and "origin/main".
  std::vector<std::string> names_of(const git_oid& commit) const;
  std::uint64_t branches() const { return branches_; }
  std::uint64_t tags() const { return tags_; }

 private:
  // A file or directory whose stamp tells whether refs changed.
  struct Watched {
    std::string path;
    FileStamp stamp;
  };
  static void watch_below(const std::string& path, int depth, std::vector<Watched>& all);
  static std::vector<Watched> watch(const Layout& layout);
  bool unchanged() const;
  Result<void> read(const Repository& repository);
  void read_head(const Repository& repository, std::string& target);

  std::unordered_map<git_oid, std::vector<std::string>, OidHash, OidEqual> names_;
  std::uint64_t branches_ = 0, tags_ = 0;
  std::vector<Watched> watched_;  // empty: not to be relied on
  std::uint64_t generation_ = 0;
};

}  // namespace quarry::git::helper
