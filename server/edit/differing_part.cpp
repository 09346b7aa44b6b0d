#include "server/edit/differing_part.h"

#include <algorithm>

#include "server/base/newlines.h"
#include "server/edit/common_ends.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

// Where the line begins that `at` lies in.
std::size_t line_begin(std::string_view text, std::size_t at, char separator) {
  return text.substr(0, at).rfind(separator) + 1;  // npos + 1 is 0
}

std::size_t count_separators(std::string_view text, char separator) {
  if (separator == '\n') return count_newlines(text);
  return static_cast<std::size_t>(std::ranges::count(text, separator));
}

}  // namespace

DifferingPart differing_part(std::string_view before, std::string_view after, char separator,
                             std::size_t context) {
  const std::size_t same = common_start(before, after);
  if (same == before.size() && same == after.size()) return {};
  const std::size_t first = line_begin(before, same, separator);

  std::size_t rest = common_end(before.substr(first), after.substr(first));
  const auto begins_line = [&](std::string_view text) {
    const std::size_t at = text.size() - rest;
    return at == first || text[at - 1] == separator;
  };
  if (!begins_line(before) || !begins_line(after)) {
    rest = before.size() - line_end(before, before.size() - rest, separator);
  }

  std::size_t begin = first;
  for (std::size_t i = 0; i < context && begin > 0; ++i) {
    begin = line_begin(before, begin - 1, separator);
  }
  std::size_t end = before.size() - rest;
  for (std::size_t i = 0; i < context && end < before.size(); ++i) {
    end = line_end(before, end, separator);
  }
  const std::size_t left_out = before.size() - end;
  return {.before = before.substr(begin, end - begin),
          .after = after.substr(begin, after.size() - left_out - begin),
          .lines_in_front = count_separators(before.substr(0, begin), separator)};
}

}  // namespace quarry::edit
