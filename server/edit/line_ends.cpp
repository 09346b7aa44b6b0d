#include "server/edit/line_ends.h"

#include <algorithm>
#include <vector>

#include "server/edit/lines.h"

namespace quarry::edit {

LineEnds::LineEnds(std::string_view around) : around_(around), line_end_(line_end(around, 0)) {
  const std::string_view line = around_.substr(0, line_end_);
  own_ = line.substr(without_end(line).size());
}

void LineEnds::go_to(std::size_t at) {
  if (at < line_begin_) *this = LineEnds(around_);
  while (at >= line_end_ && !own_.empty()) {
    line_begin_ = line_end_;
    line_end_ = line_end(around_, line_begin_);
    before_ = own_;
    const std::string_view line = around_.substr(line_begin_, line_end_ - line_begin_);
    own_ = line.substr(without_end(line).size());
  }
}

std::string LineEnds::fit(std::string_view text, std::size_t begin, std::size_t end) {
  if (text.find('\n') == std::string_view::npos) return std::string(text);
  std::vector<std::string_view> ends;
  for (const std::string_view line : split_lines(around_.substr(begin, end - begin))) {
    const std::string_view own = line.substr(without_end(line).size());
    if (!own.empty()) ends.push_back(own);
  }
  if (ends.empty()) {
    // The line itself, else the one before.
    go_to(begin);
    ends.push_back(!own_.empty() ? own_ : !before_.empty() ? before_ : "\n");
  }
  std::string out;
  std::size_t line = 0;
  for (const char c : text) {
    if (c == '\n') {
      out.append(ends[std::min(line++, ends.size() - 1)]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace quarry::edit
