// Text of files that are too large to be read whole. A tail is found from the file's end. For any
// other range lines are counted from the start once: what that tells is kept as a LineIndex, so
// that the next range costs what it shows and little more, and one further on goes on counting
// where the last one stopped, also when that one ran out of time.
//
// The header has the line count and the hash once the end was reached, and says so until then.
//
// Safe from any thread.

#pragma once

#include <optional>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/files/charset.h"
#include "server/files/line_index.h"
#include "server/files/read_text.h"
#include "server/sandbox/workspace.h"

namespace quarry::files {

// `charset`: what the text is in when the request or the file's start says so; null: UTF-8, or what
// the part that is shown looks like. `start`: the file's first bytes. When time runs out before the
// range is found: kTimeout, which says how to go on. On an error nothing is appended.
struct LargeFile {
  const sandbox::File& file;
  std::optional<Charset> charset;
  std::string_view start;
};
Result<void> append_large_text(const Job& job, const LargeFile& large, LineIndexes& indexes,
                               const CancelToken& cancel);

}  // namespace quarry::files
