// The text of one file in an answer: header, numbered lines, continuation. From the whole file, or
// from a part of it that an index finds.
//
// Safe from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/files/line_index.h"
#include "server/files/read.h"
#include "server/sandbox/workspace.h"

namespace quarry::files {

// One call's parameters, handed on as one.
struct Job {
  const sandbox::Path& path;
  const ReadRequest& request;
  std::string& out;
};

// `raw`: the whole file, which is text. Makes `index` when that is not null and the file can be
// indexed (UTF-16 cannot).
void append_text(const Job& job, std::string_view raw, std::optional<LineIndex>* index);

// The same from the part of `file` that is asked for. False, with nothing appended, when the index
// does not help: a tail, very long lines, a file that shrank meanwhile.
bool append_indexed_text(const Job& job, const sandbox::File& file, const LineIndex& index);

}  // namespace quarry::files
