// Blobs: the contents of many objects at once, read on several threads.
//
// libgit2 holds an object database's lock while it inflates, so each thread has a database of its
// own; the packs behind them are mapped once. Threads and databases are made with the first request
// that is worth them.
//
// Belongs to the helper's one thread; those that it starts touch nothing but their databases.

#pragma once

#include <cstdint>
#include <vector>

#include "server/git/client.h"
#include "server/git/helper/library.h"
#include "server/git/helper/repository.h"
#include "server/pool/pool.h"

namespace quarry::git::helper {

// That read at once, with the helper's own: the processor's cores, at most four.
std::size_t reading_threads();

class Blobs {
 public:
  Blobs();

  // One for each id, in their order. REQUIRES: repository.refresh() for this request. Throws
  // std::bad_alloc when they need more memory than there is.
  std::vector<Blob> read(const Repository& repository, const BlobsOptions& options);

 private:
  // How many threads may read now; makes their databases.
  std::size_t prepare(const Repository& repository);

  pool::Pool pool_;
  std::vector<OdbHandle> databases_;  // of the threads but the helper's own
  std::uint64_t generation_ = 0;      // of the repository that they belong to
};

}  // namespace quarry::git::helper
