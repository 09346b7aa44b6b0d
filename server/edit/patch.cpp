#include "server/edit/patch.h"

#include "server/base/format.h"
#include "server/edit/patch_lines.h"
#include "server/edit/unified.h"
#include "server/edit/v4a.h"

namespace quarry::edit {

Result<std::vector<FilePatch>> parse_patch(std::string_view text) {
  const PatchLines lines(text);
  TRY_ASSIGN(std::vector<FilePatch> files, is_v4a(lines) ? parse_v4a(lines) : parse_unified(lines));
  if (files.empty() && text.find("<<<<<<<") != text.npos && text.find(">>>>>>>") != text.npos) {
    return fail(Code::kInvalidArgs,
                "these are blocks of a text and what replaces it, not a patch; give them to "
                "edit_file, as old_string and new_string");
  }
  if (files.empty()) {
    return fail(Code::kInvalidArgs,
                "there is no patch in this text; give a unified diff (--- a/FILE, +++ b/FILE, "
                "@@ -1,3 +1,4 @@) or '*** Begin Patch' with '*** Update File: FILE'");
  }
  for (const FilePatch& file : files) {
    const bool from = file.kind == FilePatch::Kind::kCreate || !file.old_path.empty();
    const bool to = file.kind == FilePatch::Kind::kDelete || !file.new_path.empty();
    if (!from || !to) {
      return fail(Code::kInvalidArgs, "line {} of the patch names no file", file.patch_line);
    }
  }
  return files;
}

}  // namespace quarry::edit
