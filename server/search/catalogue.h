// Catalogue: the tree below one root in memory, kept current by its watch.
//
// now() answers with the tree as it is: every change that was finished before the call is in it.
// The watch is drained first; what it tells of is read again, a directory at a time, and the rest
// is shared with the tree that was there before. The first call reads everything. Where the watch
// knows nothing (not set yet, lost, impossible) there is no answer and the caller walks.
//
// What could not be read for a reason that may be over (descriptors, memory, the disk) is asked
// again by each call until it can be.
//
// Bounded: a tree of more than catalogue_entries is not kept. Mounts that come in the midst of the
// tree are seen once something else in their directory changes, as the watch has it.
//
// Safe from any thread. Calls that come while the tree is brought up to date wait for it, those
// that only peek do not.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>

#include "server/base/guarded.h"
#include "server/search/content_index.h"
#include "server/search/shared_files.h"
#include "server/watch/tree.h"

namespace quarry::search {

class Indexer;

struct CatalogueLimits {
  std::size_t entries = standard<std::size_t>(Limit::kCatalogueEntries);
  std::size_t bytes = standard<std::size_t>(Limit::kCatalogueBytes);  // of all roots
};

struct CatalogueStats {
  std::uint64_t entries = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hits = 0;      // nothing had changed
  std::uint64_t renewals = 0;  // a part was read again
  std::uint64_t builds = 0;    // all was read
  bool too_large = false;
};

enum class Effort : std::uint8_t {
  kPeek,   // only what is nearly free: the thread may be the reader's
  kBuild,  // whatever it takes
};

// What another room made of the tree and wants again with the next question.
class Companion {
 public:
  virtual ~Companion() = default;
  virtual std::uint64_t bytes() const = 0;  // of memory
};

class Catalogue : public std::enable_shared_from_this<Catalogue> {
 public:
  // `clock` and `indexer` outlive it. Without an indexer (null) no content is known.
  Catalogue(std::shared_ptr<watch::Tree> tree, const Clock& clock, const CatalogueLimits& limits,
            Indexer* indexer = nullptr);

  // The tree from the root down, or null when it is not known this way. When all of it has to be
  // read, the files that `dated` wants are dated on the way.
  std::shared_ptr<const TreeNode> now(const sandbox::Workspace& files, pool::Pool& pool,
                                      const Stop& stop, Effort effort,
                                      const Wanted* dated = nullptr);
  // What is known of the files' content, or null.
  ContentIndex* contents() const { return contents_.get(); }
  // A search had to read so many files: their content is learnt when that pays.
  void had_to_read(std::uint64_t files);
  // For one at a time: null when there is none, or somebody has it.
  std::unique_ptr<Companion> take_companion();
  // Kept as long as the tree is, and counted with it; one that is there is replaced.
  void leave_companion(std::unique_ptr<Companion> companion);
  // Gives the memory back.
  void drop();

  // For the indexer. Null: the last session on the root is gone.
  std::shared_ptr<const sandbox::Workspace> files() const { return tree_->files(); }
  // False: somebody learns already.
  bool begin_learning() { return !learning_.exchange(true); }
  void end_learning() { learning_ = false; }

  std::int64_t used_ns() const { return tree_->used_ns(); }
  CatalogueStats stats() const;

 private:
  class Busy;
  struct State {
    // Owners: this and the searches that are going on.
    std::shared_ptr<const TreeNode> top;
    std::unique_ptr<Companion> companion;
    watch::Changes pending;          // not yet in `top`
    bool busy = false;               // somebody brings it up to date, without the lock
    std::int64_t not_before_ns = 0;  // too large: not tried until then
    CatalogueStats stats;
  };

  std::shared_ptr<const TreeNode> read(const sandbox::Workspace& files, pool::Pool& pool,
                                       const Stop& stop, const Wanted* dated);

  // Owners: the table of trees and the catalogue.
  const std::shared_ptr<watch::Tree> tree_;
  const Clock& clock_;
  const CatalogueLimits limits_;
  Indexer* const indexer_;
  const std::unique_ptr<ContentIndex> contents_;
  Inodes shared_;                           // of the tree that was read last; who is busy has it
  std::atomic<std::uint64_t> searches_{0};  // that had to read many files
  std::atomic<bool> learning_{false};
  std::condition_variable free_;
  mutable Guarded<State> state_;
};

}  // namespace quarry::search
