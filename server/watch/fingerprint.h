// Fingerprint: the state of a tree where no watch can tell of changes: a hash over every entry's
// name, kind, mode, inode, size and times, taken by asking for each of them.
//
// Equal fingerprints of one tree mean equal content only when the earlier one was settled: a file
// that changed a moment before it was asked for may change again under the same times, since
// kernels count them in ticks. What belongs to the tree and what to git is told apart as Epochs
// does it.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "server/base/cancel.h"
#include "server/base/clock.h"
#include "server/sandbox/workspace.h"
#include "server/watch/epochs.h"

namespace quarry::watch {

// Calls body(i) for each i below count, on as many threads as it likes, and returns when all are
// done. What is cancelled may be left out.
using Parallel =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& body)>;

struct Fingerprint {
  static constexpr std::size_t kMaxEntries = 2'000'000;
  // How long ago the last change must have been: ticks are 1 to 10 ms on local file systems; FAT
  // counts in 2 s, and other machines' clocks differ.
  static constexpr std::int64_t kSettleMs = 100;
  static constexpr std::int64_t kForeignSettleMs = 2'500;

  Version version;
  bool git_known = true;
  bool settled = false;  // an answer that is made from now on may be kept under it
  std::size_t entries = 0;
};

// Nothing when the tree cannot be taken in whole: cancelled, too large, a directory that can be
// used but not listed, changes while it was read.
std::optional<Fingerprint> take_fingerprint(const sandbox::Workspace& files,
                                            const Parallel& parallel, const Clock& clock,
                                            const CancelToken& cancel);

}  // namespace quarry::watch
