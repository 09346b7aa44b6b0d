// The order of files by the time of their last change. Times are asked of the system once and kept
// with the listing, which lives until its directory changes, for a while (KeptTimes); a file with
// several names is asked again each time, since they may lie outside the tree.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <vector>

#include "server/search/engine.h"
#include "server/search/walk.h"

namespace quarry::search {

// Indexes of `places`, newest first and then in their order; only the first `wanted` are sorted.
// False when time ran out before all were dated: `order` is then that of `places`.
bool order_by_mtime(const Engine& engine, const Walk& walk, const std::vector<Walk::Place>& places,
                    std::size_t wanted, const Stop& stop, std::vector<std::uint32_t>& order);

}  // namespace quarry::search
