#include "server/edit/diff.h"

#include <algorithm>
#include <vector>

#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/edit/line_runs.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

void append_line(std::string& out, char mark, std::string_view line, char separator) {
  out.push_back(mark);
  const std::string_view body = without_end(line, separator);
  utf8::append_repaired(out, body);
  const std::string_view end = line.substr(body.size());
  if (end.find('\r') != std::string_view::npos) out += "\\r";
  out.push_back('\n');
  if (end.empty()) out += "\\ No newline at end of file\n";
}

}  // namespace

DiffText unified_diff(std::string_view before, std::string_view after, std::size_t max_bytes,
                      std::size_t context) {
  const char a_separator = separator_of(before);
  const char b_separator = separator_of(after);
  const std::vector<std::string_view> a = split_lines(before, a_separator);
  const std::vector<std::string_view> b = split_lines(after, b_separator);
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
    diff.text += fmt::format("@@ -{},{} +{},{} @@\n", runs[i].a - lead + (a_count > 0 ? 1 : 0),
                             a_count, runs[i].b - lead + (b_count > 0 ? 1 : 0), b_count);
    std::size_t at = runs[i].a - lead;
    const auto room = [&] { return diff.text.size() < max_bytes; };
    for (std::size_t run = i; run <= last && room(); ++run) {
      for (; at < runs[run].a && room(); ++at) append_line(diff.text, ' ', a[at], a_separator);
      for (; at < runs[run].a_end && room(); ++at) append_line(diff.text, '-', a[at], a_separator);
      for (std::size_t j = runs[run].b; j < runs[run].b_end && room(); ++j) {
        append_line(diff.text, '+', b[j], b_separator);
      }
    }
    for (; at < runs[last].a_end + tail && room(); ++at) {
      append_line(diff.text, ' ', a[at], a_separator);
    }
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
