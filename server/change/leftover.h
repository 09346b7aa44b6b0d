// Leftover: what a process has left under the name of a step's draft, because it was killed or the
// disk failed it.
//
// That is the draft, whole or in part, or what it changed names with (sandbox/place.h): the old
// content, which the journal has, or what another program had put there right then, which nobody
// else has. That goes back to its name; where a newer one has that it stays as it is, and the log
// says where.
//
// Safe from any thread that keeps the step's path locked.

#pragma once

#include <cstdint>

#include "server/journal/entry.h"
#include "server/sandbox/workspace.h"

namespace quarry::change {

// Of the step `at`. `most` as in looks().
void settle_leftover(const sandbox::Workspace& workspace, const journal::Entry& entry,
                     std::size_t at, std::int64_t most);

}  // namespace quarry::change
