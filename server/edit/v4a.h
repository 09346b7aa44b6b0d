// The patch format between "*** Begin Patch" and "*** End Patch" (V4A). Pure; safe from any thread.

#pragma once

#include <vector>

#include "server/base/result.h"
#include "server/edit/patch.h"
#include "server/edit/patch_lines.h"

namespace quarry::edit {

// Whether a line of `lines` is one that only this format has.
bool is_v4a(const PatchLines& lines);

// The first and last line may be missing.
Result<std::vector<FilePatch>> parse_v4a(const PatchLines& lines);

}  // namespace quarry::edit
