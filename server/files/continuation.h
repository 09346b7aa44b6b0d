// The line of an answer that tells a reader how to go on, and what of a file's end fits.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/files/read.h"
#include "server/files/text.h"

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

}  // namespace quarry::files
