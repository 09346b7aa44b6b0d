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

// How many acknowledged changes the log `name` is known to hold that `state` does not: of one that
// was last used before the machine was started, and so may have lost the last ones. 0 when none is
// known. REQUIRES: nobody has it open.
std::uint64_t changes_not_in(Environment& state, const StateDirectory& directory,
                             const std::string& name);

// Opened::salvaged is in `state` already, and doubted (doubt.h).
Result<RecentLog::Opened> open_recent(const StateDirectory& directory, const std::string& name,
                                      Environment& state);

}  // namespace quarry::store
