// What a session with a ledger (session/ledger.h) has received of the files that it reads and
// changes. Nothing here does anything for other sessions.
//
// An answer that repeats what was received becomes one line; one whose file has changed becomes the
// difference, when all of the file was received before and is still at hand. What is sent is noted
// once it was written for the client, never for a call that fails or was cancelled.

#pragma once

#include <string>
#include <string_view>

#include "server/files/read.h"
#include "server/sandbox/path.h"
#include "tools/tool.h"

namespace quarry::tools {

// How long a text is kept at most to be compared with.
inline constexpr std::size_t kComparedBytes = 256 << 10;

// The end of `output.text` from `begin` on is what was read of `path` for `request`, whose report
// is `report`. Replaces it unless `force`.
void account_for(const ToolContext& context, const sandbox::Path& path,
                 const files::ReadRequest& request, files::ReadReport& report, bool force,
                 std::size_t begin, ToolOutput& output);

struct OwnChange {
  std::string_view before;  // the whole file's bytes
  std::string_view after;
  bool sent_whole = false;  // the client has sent all of `after`, not a part that is new
};
// The session changes the file at the real `path` with this call: it knows what it has sent, and,
// where it had received all of the file, what the rest is.
void note_change(const ToolContext& context, const sandbox::Path& path, const OwnChange& change,
                 ToolOutput& output);

}  // namespace quarry::tools
