#include "server/edit/line_ends.h"

#include <algorithm>
#include <vector>

#include "server/edit/line_runs.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

struct SplitText {
  std::vector<std::string_view> bodies;
  std::vector<std::string_view> ends;  // the last one's may be ""
};

// At each "\r\n" and "\n", and with `returns` at each "\r".
SplitText split(std::string_view text, bool returns) {
  SplitText lines;
  for (std::size_t begin = 0, at = 0; begin < text.size(); ++at) {
    const bool pair = at < text.size() && text.substr(at, 2) == "\r\n";
    const bool last = at == text.size();
    if (!last && !pair && text[at] != '\n' && !(returns && text[at] == '\r')) continue;
    const std::size_t length = last ? 0 : pair ? 2 : 1;
    lines.bodies.push_back(text.substr(begin, at - begin));
    lines.ends.push_back(text.substr(at, length));
    begin = at + length;
    at = begin - (last ? 0 : 1);
  }
  return lines;
}

// Which of the old lines each new one takes its end from.
std::vector<std::size_t> sources(const SplitText& old_lines, const SplitText& new_lines) {
  std::vector<std::size_t> from;
  const auto take_to = [&](std::size_t old_line, std::size_t end) {
    for (; from.size() < end; ++old_line) from.push_back(old_line);
  };
  std::size_t old_at = 0;
  for (const LineRun& run : differing_runs(old_lines.bodies, new_lines.bodies)) {
    take_to(old_at, run.b);
    const std::size_t before = run.a > 0 ? run.a - 1 : 0;
    for (std::size_t at = run.a; from.size() < run.b_end; ++at) {
      from.push_back(run.a == run.a_end ? before : std::min(at, run.a_end - 1));
    }
    old_at = run.a_end;
  }
  take_to(old_at, new_lines.bodies.size());
  return from;
}

}  // namespace

LineEnds::LineEnds(std::string_view around)
    : around_(around),
      separator_(separator_of(around)),
      line_end_(line_end(around, 0, separator_)) {
  const std::string_view line = around_.substr(0, line_end_);
  own_ = line.substr(without_end(line, separator_).size());
}

std::string_view LineEnds::end_at(std::size_t at) {
  if (at < line_begin_) *this = LineEnds(around_);
  while (at >= line_end_ && !own_.empty()) {
    line_begin_ = line_end_;
    line_end_ = line_end(around_, line_begin_, separator_);
    before_ = own_;
    const std::string_view line = around_.substr(line_begin_, line_end_ - line_begin_);
    own_ = line.substr(without_end(line, separator_).size());
  }
  return !own_.empty() ? own_ : !before_.empty() ? before_ : "\n";
}

std::string LineEnds::fit(std::string_view text, std::size_t begin, std::size_t end) {
  if (text.find('\n') == std::string_view::npos) return std::string(text);
  SplitText old_lines = split(around_.substr(begin, end - begin), true);
  if (old_lines.ends.empty()) {
    old_lines.bodies.emplace_back();
    old_lines.ends.emplace_back();
  }
  if (old_lines.ends.back().empty()) old_lines.ends.back() = end_at(end);
  const SplitText new_lines = split(text, false);
  const bool mixed = std::ranges::any_of(
      old_lines.ends, [&](std::string_view one) { return one != old_lines.ends.front(); });
  const std::vector<std::size_t> from =
      mixed ? sources(old_lines, new_lines) : std::vector<std::size_t>();
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < new_lines.bodies.size(); ++i) {
    out.append(new_lines.bodies[i]);
    if (!new_lines.ends[i].empty()) out.append(old_lines.ends[mixed ? from[i] : 0]);
  }
  return out;
}

}  // namespace quarry::edit
