// Tally: the facts of a list of files: languages by bytes, what is left out and why, manifests.
//
// The answer depends only on the list and on the heads of the scripts that are asked for: the
// same input gives the same bytes. Pure but for `read_head`; safe from any thread.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/analysis/report.h"
#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/git/client.h"

namespace quarry::analysis {

// Executable files without an extension are scripts in some language; at most this many are
// opened to see in which.
inline constexpr std::size_t kMaxScripts = 200;

// The first bytes of a file, or nothing when it cannot be read. Path as in the list.
using ReadHead = std::function<std::optional<std::string>(std::string_view path)>;

// `files`: sorted by path, as git modes; only those below `top` ("" or "dir/sub") count, and
// rules that speak of the top of a tree mean `top`.
Result<TreeFacts> tally(std::span<const git::TrackedFile> files, std::string_view top,
                        const ReadHead& read_head, const CancelToken& cancel);

}  // namespace quarry::analysis
