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

// Appends "src/a.c: ", or "src/a.c at v1.0 (1a2b3c4): ", as a header begins.
void append_title(const Job& job);

// What a header line says of an encoding: "windows-1252 (detected)".
std::string describe(const Charset& charset, bool damaged);

// Whether the facts are of the whole file, or hash and shape are not known.
enum class Known : std::uint8_t { kPart, kWhole };
// Appends the header line. `decoded_whole`: the charset is that of every byte, not only of the part
// that is shown.
void append_text_header(const Job& job, const TextFacts& facts, Known known, bool decoded_whole);

// Fills in the request's report, when it has one.
void report_lines(const Job& job, const TextFacts& facts, std::int64_t first,
                  const LinesShown& shown);

// Appends "offset 900 is past the end: the last line is 120".
void append_past_end(const Job& job, std::int64_t lines);

// `raw`: the whole file, which is text. `charset` is what it is known to be in; null: most likely
// UTF-8. Makes `index` when that is not null and the file can be indexed (UTF-16 cannot). On an
// error nothing is appended.
Result<void> append_text(const Job& job, std::string_view raw,
                         const std::optional<Charset>& charset, std::optional<LineIndex>* index);

// The same from the part of `file` that is asked for. False, with nothing appended, when the index
// does not help: very long lines, another encoding asked for, a file that shrank meanwhile.
bool append_indexed_text(const Job& job, const sandbox::File& file, const LineIndex& index);

}  // namespace quarry::files
