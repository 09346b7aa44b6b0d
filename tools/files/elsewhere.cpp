#include "tools/files/elsewhere.h"

#include "server/base/format.h"
#include "server/sandbox/shown.h"
#include "server/search/same_name.h"

namespace quarry::tools {

Failure name_elsewhere(const ToolContext& context, std::string_view path, const Error& error) {
  constexpr std::size_t kMost = 3;
  if (error.code != Code::kNotFound || !error.message.ends_with(sandbox::kNothingNear)) {
    return hand_on(error);
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::vector<std::string> found = search::find_same_name(
      {context.files, context.pool, context.cancel, context.clock, context.catalogue},
      path.substr(path.find_last_of('/') + 1), kMost + 1);
  if (found.empty() || found.size() > kMost) return hand_on(error);
  std::string message = error.message;
  message.resize(message.size() - sandbox::kNothingNear.size());
  message += "; did you mean";
  for (std::size_t i = 0; i < found.size(); ++i) {
    message += fmt::format("{} '{}'",
                           i == 0                 ? ""
                           : i + 1 < found.size() ? ","
                                                  : " or",
                           sandbox::shown_name(found[i]));
  }
  return fail(Code::kNotFound, "{}?", message);
}

}  // namespace quarry::tools
