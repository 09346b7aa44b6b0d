// What the tools that change text have in common: looking at a file before, saying what was done.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/change/change.h"
#include "tools/tool.h"

namespace quarry::tools {

// The text of a file that can be edited: UTF-8, or another encoding that ASCII is a part of.
struct EditableText {
  std::string_view text;   // without a byte order mark
  std::size_t offset = 0;  // of `text` in the file's bytes
  bool utf8 = true;        // else what is put in must be ASCII
};

// kInvalidArgs, naming `shown`, for binary files and encodings that are not edited.
Result<EditableText> editable(std::string_view bytes, std::string_view shown);

// kConflict unless `bytes` have the content hash `expected` ("" for any).
Result<void> check_hash(std::string_view expected, std::string_view bytes, std::string_view shown);

// kInvalidArgs when `text` cannot be put into a file whose text is `into`.
Result<void> check_fits(const EditableText& into, std::string_view text, std::string_view shown);

// What is at `path`, which must be a file or nothing.
Result<std::optional<change::Found>> read_file_or_none(change::Change& change,
                                                       const sandbox::Path& path);

// "edited a.c: +3 -2 lines, hash 0123456789abcdef\n" and the diff, at most `max_bytes` of it.
void append_edit(std::string& out, std::string_view head, std::string_view before,
                 std::string_view after, std::size_t max_bytes);

}  // namespace quarry::tools
