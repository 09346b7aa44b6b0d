// Text of files that are too large to be read whole: the range asked for is found by counting
// newlines from the start, or from the end for a tail, in pieces of 256 KiB. And the line that
// tells a reader how to go on, which small files share.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/cancel.h"
#include "server/base/result.h"
#include "server/files/read.h"
#include "server/files/text.h"
#include "server/sandbox/workspace.h"

namespace quarry::files {

// How many of the last `count` lines of `text` fit into `max_bytes` once numbered and clipped;
// at least one.
std::int64_t fitting_tail(std::string_view text, std::int64_t count, std::size_t max_bytes,
                          char separator);

// Appends what arguments name the file again: "path=a.c, ref=v1.0, ", or as much of it as is asked
// for.
void append_place(std::string& out, const sandbox::Path& path, const ReadRequest& request);

struct Continuation {
  std::int64_t first = 1;  // number of the first line shown; 0 when it is not known
  LinesShown shown;
  std::int64_t total = 0;  // lines of the file; -1 when not counted: then `more` tells
  bool more = false;
  const sandbox::Path& path;
  const ReadRequest& request;
};

// Appends "lines 1-840 of 4,200; continue with offset=841" when lines follow or precede, and how
// to see clipped lines when there are any.
void append_continuation(std::string& out, const Continuation& where);

struct LargeJob {
  const sandbox::Path& path;
  const ReadRequest& request;
};

// REQUIRES: the file is text in UTF-8 or unknown bytes. When time runs out before the range is
// found: kTimeout. On an error nothing is appended.
Result<void> append_large_text(const sandbox::File& file, const LargeJob& job,
                               const CancelToken& cancel, std::string& out);

}  // namespace quarry::files
