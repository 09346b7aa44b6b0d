// Objects: the object database that libgit2 gets instead of its own.
//
// libgit2 1.5.1's reader of loose objects overflows its buffer on an object that lies about its
// size and never ends on a truncated one, and its own database follows alternates. This one reads
// loose objects itself (no symlinks, regular files, exact size, at most kMaxObjectBytes) and hands
// packs to libgit2's reader after a look at each index's fan-out, whose lies crash that reader.
//
// Each belongs to one thread at a time.

#pragma once

#include <cstdint>
#include <string>

#include "server/base/limits.h"
#include "server/base/result.h"
#include "server/git/helper/library.h"

namespace quarry::git::helper {

inline constexpr std::size_t kMaxObjectBytes = standard<std::size_t>(Limit::kGitObjectBytes);

struct Objects {
  OdbHandle odb;
  std::uint64_t packed = 0;  // objects in packs
};

// `objects_directory` is absolute and checked (layout.h).
Result<Objects> open_objects(const std::string& objects_directory);

}  // namespace quarry::git::helper
