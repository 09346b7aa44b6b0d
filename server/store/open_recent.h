// Opening the log of recent changes, whatever lies there.
//
// What a state directory of version 2 keeps in its place (an LMDB environment) is brought into
// `state` and removed. So is what can be read of a damaged log, which is then moved aside.
//
// REQUIRES: the state directory's opening lock. Safe from any thread.

#pragma once

#include <memory>
#include <string>

#include "server/base/result.h"
#include "server/store/environment.h"
#include "server/store/recent_log.h"
#include "server/store/state_directory.h"

namespace quarry::store {

// Takes over into `state`, unless that is `in_doubt`, what follows it in the log `name`, which was
// last used before the machine was started (recent_replay.h). How many acknowledged changes are
// known to be lost: the machine may not have written the last ones. REQUIRES: nobody has it open.
std::uint64_t take_over_after_restart(Environment& state, const StateDirectory& directory,
                                      const std::string& name, bool in_doubt);

// Opened::salvaged is in `state` already, and doubted (doubt.h).
Result<RecentLog::Opened> open_recent(const StateDirectory& directory, const std::string& name,
                                      Environment& state);

}  // namespace quarry::store
