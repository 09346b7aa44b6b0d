// Patch: what a patch text says, file by file and hunk by hunk.
//
// Two formats are read: unified diffs, with git's extended headers or without, and the one that
// begins with "*** Begin Patch" (V4A). Text around them (a mail, a commit message, a code fence) is
// passed over; what looks like a part of a hunk and is none is an error. A patch whose own header
// lines end in "\r\n" is taken to have been converted as a whole: its carriage returns go.
//
// Errors: kInvalidArgs, naming the line of the patch. Pure; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"

namespace quarry::edit {

struct PatchLine {
  enum class Kind : std::uint8_t { kContext, kRemove, kAdd };
  Kind kind = Kind::kContext;
  std::string_view body;  // into the patch's text, as is `end`
  std::string_view end;   // "\n", "\r\n", or "": "\ No newline at end of file"
};

struct Hunk {
  std::size_t patch_line = 0;             // of its header, from 1
  std::optional<std::size_t> old_start;   // from 1; nullopt: it says nothing of where it belongs
  std::vector<std::string_view> anchors;  // lines that stand somewhere before it, in this order
  std::vector<PatchLine> lines;
  bool at_end = false;     // its last line is the file's
  bool recounted = false;  // the counts in its header are not those of its lines
};

struct FilePatch {
  enum class Kind : std::uint8_t { kModify, kCreate, kDelete, kRename, kCopy };
  Kind kind = Kind::kModify;
  std::size_t patch_line = 0;         // where it begins, from 1
  std::string old_path;               // "" of kCreate
  std::string new_path;               // "" of kDelete
  std::optional<std::uint32_t> mode;  // as git writes it, type included: 0100755
  std::vector<Hunk> hunks;
  // kDelete without a look at the content, which the format does not give.
  bool whole = false;
  bool names_plain = false;  // the format has no quotes for a name: a backslash was typed as one
};

// At least one file.
Result<std::vector<FilePatch>> parse_patch(std::string_view text);

}  // namespace quarry::edit
