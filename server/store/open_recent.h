// Opening the log of recent changes, whatever lies there.
//
// What a state directory of version 2 keeps in its place (an LMDB environment) is brought into
// `state` and removed. Of a damaged log, which is moved aside, what can be read stays in the new
// one.
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

// Opened::salvaged is in the log already.
Result<RecentLog::Opened> open_recent(const StateDirectory& directory, const std::string& name,
                                      Environment& state);

}  // namespace quarry::store
