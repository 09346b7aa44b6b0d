// One file of a read_file answer: from the tree or a revision; as text, bytes, an image or the
// cells of a notebook; and in a session with a ledger only what it has not received.

#pragma once

#include <string_view>

#include "server/files/read.h"
#include "tools/tool.h"

namespace quarry::tools {

// `path` as the caller wrote it. On an error nothing is appended.
Result<void> read_one(const ToolContext& context, std::string_view path,
                      const files::ReadRequest& request, bool force, ToolOutput& output);

}  // namespace quarry::tools
