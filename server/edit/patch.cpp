#include "server/edit/patch.h"

#include "server/base/format.h"
#include "server/edit/patch_lines.h"
#include "server/edit/unified.h"
#include "server/edit/v4a.h"

namespace quarry::edit {

Result<std::vector<FilePatch>> parse_patch(std::string_view text) {
  const PatchLines lines(text);
  TRY_ASSIGN(std::vector<FilePatch> files, is_v4a(lines) ? parse_v4a(lines) : parse_unified(lines));
  if (files.empty()) {
    return fail(Code::kInvalidArgs,
                "there is no patch in this text; give a unified diff (--- a/FILE, +++ b/FILE, "
                "@@ -1,3 +1,4 @@) or '*** Begin Patch' with '*** Update File: FILE'");
  }
  return files;
}

}  // namespace quarry::edit
