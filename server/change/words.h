// What errors of a change say of a path. Pure; safe from any thread.

#pragma once

#include <string>

#include "server/base/result.h"
#include "server/base/utf8.h"
#include "server/sandbox/path.h"

namespace quarry::change {

inline std::string shown_path(const sandbox::Path& path) {
  std::string text;
  utf8::append_escaped_name(text, path.display());
  return text;
}

[[gnu::cold]] inline Failure not_a_file(const sandbox::Path& path) {
  return fail(Code::kInvalidArgs, "'{}' is not a regular file", shown_path(path));
}

}  // namespace quarry::change
