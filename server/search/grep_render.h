// The body of grep's answer: matching lines by file, paths, or counts, within a number of bytes.
//
// Files are read again for it, one after the other, and only as far as they are shown.
// Thread-compatible.

#pragma once

#include <cstdint>
#include <string>

#include "server/search/count_matches.h"
#include "server/search/grep.h"

namespace quarry::search {

struct Rendered {
  std::uint64_t shown = 0;  // matches with content, else files
  bool cut = false;         // max_bytes was reached before the page was full
  bool late = false;        // time was up before it was
};

struct RenderInput {
  const GrepQuery& query;
  const Corpus& corpus;
  const Matcher& matcher;
  const Counts& counts;
  const Stop& stop;
};

// Appends the lines of the page [offset, offset + head_limit) of all matches, at least one match
// and at most `max_bytes`. A page that does not fit ends at three quarters of them, and the files
// that follow are listed with their counts.
Rendered append_content(std::string& out, const RenderInput& input, std::size_t max_bytes);

// Appends the page's paths, or `path:count`.
Rendered append_files(std::string& out, const RenderInput& input, std::size_t max_bytes);

// Appends `line`, at most GrepQuery::kMaxLineBytes of it around `match`, as valid UTF-8.
void append_shown_line(std::string& out, std::string_view line, Span match);

}  // namespace quarry::search
