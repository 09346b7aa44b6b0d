#include "server/edit/diff.h"

#include <algorithm>
#include <vector>

#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/edit/differing_part.h"
#include "server/edit/line_runs.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kLongLine = 1000;    // bytes; of a longer one a part is shown
constexpr std::size_t kShownOfLong = 400;  // bytes
constexpr std::size_t kShownBefore = 100;  // of them, before what is different

// A text, or the part of it that is looked at, by its lines.
struct Lines {
  Lines(std::string_view text, char between)
      : separator(between), lines(split_lines(text, between)) {}
  char separator;
  std::vector<std::string_view> lines;
};

// Where what is shown of a long line begins: shortly before it differs from `other`.
std::size_t shown_from(std::string_view line, std::string_view other) {
  const auto [differs, unused] =
      std::mismatch(line.begin(), line.end(), other.begin(), other.end());
  auto at = static_cast<std::size_t>(differs - line.begin());
  at -= std::min(at, kShownBefore);
  while (at > 0 && at < line.size() && utf8::continues(line[at])) {
    --at;
  }
  return at;
}

// `other`: the line that stands for it in the other text; "" for none.
void append_line(std::string& out, char mark, std::string_view line, char separator,
                 std::string_view other = {}) {
  out.push_back(mark);
  const std::string_view body = without_end(line, separator);
  if (body.size() <= kLongLine) {
    utf8::append_repaired(out, body);
  } else {
    const std::size_t from = other.empty() ? 0 : shown_from(body, other);
    const std::string_view part = utf8::clip(body.substr(from), kShownOfLong);
    if (from > 0) out += "...";
    utf8::append_repaired(out, part);
    if (from + part.size() < body.size()) out += "...";
    out += fmt::format(" [a line of {} bytes]", body.size());
  }
  const std::string_view end = line.substr(body.size());
  if (end.find('\r') != std::string_view::npos) out += "\\r";
  out.push_back('\n');
  if (end.empty()) out += "\\ No newline at end of file\n";
}

}  // namespace

DiffText unified_diff(std::string_view before, std::string_view after, std::size_t max_bytes,
                      std::size_t context) {
  const char old_separator = separator_of(before);
  const char new_separator = separator_of(after);
  DifferingPart part{.before = before, .after = after};
  if (old_separator == new_separator) {
    part = differing_part(before, after, old_separator, context);
  }
  const Lines old_text(part.before, old_separator);
  const Lines new_text(part.after, new_separator);
  const std::vector<std::string_view>& a = old_text.lines;
  const std::vector<std::string_view>& b = new_text.lines;
  const std::vector<LineRun> runs = differing_runs(a, b);
  DiffText diff;
  for (const LineRun& run : runs) {
    diff.removed += run.a_end - run.a;
    diff.added += run.b_end - run.b;
  }
  for (std::size_t i = 0; i < runs.size();) {
    std::size_t last = i;
    while (last + 1 < runs.size() && runs[last + 1].a - runs[last].a_end <= 2 * context) ++last;
    const std::size_t lead = std::min(context, runs[i].a);
    const std::size_t tail = std::min(context, a.size() - runs[last].a_end);
    const std::size_t a_count = runs[last].a_end + tail - runs[i].a + lead;
    const std::size_t b_count = runs[last].b_end + tail - runs[i].b + lead;
    // A range of no lines is said to begin after the line before it.
    diff.text += fmt::format(
        "@@ -{},{} +{},{} @@\n", part.lines_in_front + runs[i].a - lead + (a_count > 0 ? 1 : 0),
        a_count, part.lines_in_front + runs[i].b - lead + (b_count > 0 ? 1 : 0), b_count);
    std::size_t at = runs[i].a - lead;
    const auto room = [&] { return diff.text.size() < max_bytes; };
    const auto keep_to = [&](std::size_t end) {
      for (; at < end && room(); ++at) append_line(diff.text, ' ', a[at], old_text.separator);
    };
    const auto at_or_none = [](const auto& lines, std::size_t line, std::size_t end) {
      return line < end ? lines[line] : std::string_view();
    };
    for (std::size_t run = i; run <= last && room(); ++run) {
      const LineRun& now = runs[run];
      keep_to(now.a);
      for (; at < now.a_end && room(); ++at) {
        append_line(diff.text, '-', a[at], old_text.separator,
                    at_or_none(b, now.b + (at - now.a), now.b_end));
      }
      for (std::size_t j = now.b; j < now.b_end && room(); ++j) {
        append_line(diff.text, '+', b[j], new_text.separator,
                    at_or_none(a, now.a + (j - now.b), now.a_end));
      }
    }
    keep_to(runs[last].a_end + tail);
    i = last + 1;
    if (!room()) {
      diff.text += fmt::format("... the rest of the diff is left out (+{} -{} lines in all)\n",
                               diff.added, diff.removed);
      break;
    }
  }
  return diff;
}

}  // namespace quarry::edit
