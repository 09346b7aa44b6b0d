#include "tools/files/new_name.h"

#include <algorithm>
#include <string>

#include "server/sandbox/shown.h"

namespace quarry::tools {

using sandbox::shown_name;

Result<void> check_new_name(const sandbox::Workspace& files, const sandbox::Path& path,
                            std::string_view argument) {
  const std::string& text = path.text();
  const std::string_view first = std::string_view(text).substr(0, text.find('/'));
  if (first == "~" && !files.metadata(sandbox::Path().child(first))) {
    return fail(Code::kInvalidArgs,
                "{} '{}': '~' stands for no directory here; give the path from the root", argument,
                shown_name(text));
  }
  if (text.find('\\') == text.npos) return {};
  std::string meant = text;
  std::ranges::replace(meant, '\\', '/');
  return fail(Code::kInvalidArgs, "{} '{}': names are separated by '/', not by a backslash: '{}'",
              argument, shown_name(text), shown_name(meant));
}

}  // namespace quarry::tools
