// What a log of recent changes holds that surely follows what is in `state`, after a restart of the
// machine: of its files the disk may have any part.
//
// Taken are whole changes only, and none without those before it: so `state` is afterwards what the
// store was at some moment, as before. That holds because each frame has a checksum, names its use
// of the file and lies behind the one before it; and because a use begins when `state` is on disk
// with all that it leaves out: the last one says everything by itself. A change whose writer died
// before it was told so may count.
//
// Pure but for reading; safe from any thread. REQUIRES: nobody has the log open.

#pragma once

#include <cstdint>
#include <string>

#include "server/store/covered.h"
#include "server/store/recent_log.h"

namespace quarry::store {

struct ReplayedLog {
  RecentLog::Records records;  // of changes that `state` does not cover
  Covered reached;             // with them
  std::uint64_t last = 0;      // change that is known of
};

// Of the log in the directory `name`; `covered`: by `state`.
ReplayedLog replay_log(const StateDirectory& directory, const std::string& name,
                       const Covered& covered);

}  // namespace quarry::store
