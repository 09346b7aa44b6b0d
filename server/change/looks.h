// Looks: whether a step of a recorded change has been made, by what lies there now.
//
// Pure but for the file system; safe from any thread.

#pragma once

#include <cstdint>

#include "server/journal/entry.h"
#include "server/sandbox/workspace.h"

namespace quarry::change {

enum class Looks : std::uint8_t { kOld, kNew, kNeither };

// What became of the step `at`; kNeither also where that cannot be seen. Content is told by its
// hash, a step that only changes the mode by that. `most`: the largest file that is read, in bytes.
Looks looks(const sandbox::Workspace& workspace, const journal::Entry& entry, std::size_t at,
            std::int64_t most);

}  // namespace quarry::change
