// FactCache: what was made of single files' contents, kept in the cache store: shared by processes,
// and what a revision's files gave also by branches. After one file changed, that file alone is
// read again.
//
// What is kept carries its maker's version and the file's identity: it is taken only when both are
// the same. The working tree's facts are kept by path, one for each; a revision's by blob.
//
// Safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/contents.h"
#include "server/base/guarded.h"
#include "server/store/store.h"

namespace quarry::analysis {

// Who makes facts of a content: a name of its own, and a version to raise when the same content
// gives other facts.
struct Maker {
  std::string_view name;
  std::uint32_t version;
};

class FactCache {
 public:
  enum class Origin : std::uint8_t { kWorkingTree, kRevision };
  // `refresh`: make everything anew. `store` and `contents` outlive it.
  FactCache(store::Store& store, const Contents& contents, std::string root, Origin origin,
            bool refresh)
      : store_(store),
        contents_(contents),
        root_(std::move(root)),
        origin_(origin),
        refresh_(refresh) {}
  ~FactCache() { save(); }
  FactCache(const FactCache&) = delete;
  FactCache& operator=(const FactCache&) = delete;

  // The facts of `file`, as bytes: those kept, or what `make` says of its content. The error is
  // that of reading it.
  using Make = std::function<std::string(std::string_view content)>;
  Result<std::string> facts(const Maker& maker, const git::TrackedFile& file,
                            std::uint64_t max_bytes, const Make& make, const CancelToken& cancel);

  // A record of any kind under the tree's root, as `maker`'s version left it.
  std::optional<std::string> record(const Maker& maker, std::string_view key) const;
  void keep_record(const Maker& maker, std::string_view key, std::string_view value);

  // Stores what was made since: until then it waits, for commits to be few. The destructor does it
  // too.
  void save();

  Origin origin() const { return origin_; }
  // How many files were read because nothing was kept of them.
  std::uint64_t files_read() const { return files_read_.load(std::memory_order_relaxed); }
  void count_read(std::uint64_t files) { files_read_.fetch_add(files, std::memory_order_relaxed); }

 private:
  void keep(std::string key, std::string value);
  std::string key_of(const Maker& maker, std::string_view kind, std::string_view rest) const;

  store::Store& store_;
  const Contents& contents_;
  const std::string root_;
  const Origin origin_;
  const bool refresh_;
  struct Waiting {
    std::vector<store::Entry> entries;
    std::size_t bytes = 0;
  };
  Guarded<Waiting> waiting_;
  std::atomic<std::uint64_t> files_read_{0};
};

}  // namespace quarry::analysis
