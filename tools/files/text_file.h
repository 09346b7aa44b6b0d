// What the tools that change text have in common: looking at a file before, saying what was done.

#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/change/change.h"
#include "server/edit/splice.h"
#include "server/files/encoding.h"
#include "tools/tool.h"

namespace quarry::tools {

// What bytes that are no character of a file's encoding are shown as.
inline constexpr std::string_view kReplacement = "\uFFFD";

// An argument `encoding`; nullopt when it is "". kInvalidArgs for one that is not known.
Result<std::optional<files::Charset>> charset_of(std::string_view encoding);

// The text of a file that is edited. kInvalidArgs, naming `shown`, for a binary one. `bytes`
// outlive the answer.
Result<files::Decoded> editable(std::string_view bytes, std::optional<files::Charset> wanted,
                                std::string_view shown);

// What to say where `written`, which is not ASCII, goes into an encoding that was only guessed:
// ", written as ibm852, a guess: ...". Else "".
std::string guess_note(const files::Decoded& decoded, std::string_view written);

struct Spliced {
  std::string bytes;
  std::string note;  // of guess_note()
};
// `bytes` with splices of their text `decoded`: all bytes but theirs stay, and those of characters
// that a splice puts back, where the encoding might not give the same ones. kInvalidArgs for a
// character that the file's encoding lacks, and for a U+FFFD that stands for bytes.
Result<Spliced> spliced_bytes(std::string_view bytes, const files::Decoded& decoded,
                              std::span<const edit::Splice> splices, const CancelToken& cancel);

// kConflict unless `bytes` have the content hash `expected` ("" for any). `hidden`: the error does
// not say which they have.
Result<void> check_hash(std::string_view expected, std::string_view bytes, std::string_view shown,
                        bool hidden = false);

// What is at `path`, which must be a file or nothing.
Result<std::optional<change::Found>> read_file_or_none(change::Change& change,
                                                       const sandbox::Path& path);

// How much of a diff an answer shows. Who made a change knows what was to come of it; a dry run is
// made to see it.
inline constexpr std::size_t kMadeDiffBytes = 4096;
inline std::size_t diff_bytes(bool dry_run, std::size_t room) {
  return dry_run ? room : std::min(room, kMadeDiffBytes);
}

// "edited a.c: +3 -2 lines, hash 0123456789abcdef\n" and the diff, at most `max_bytes` of it.
void append_edit(std::string& out, std::string_view head, std::string_view before,
                 std::string_view after, std::string_view hash, std::size_t max_bytes);

}  // namespace quarry::tools
