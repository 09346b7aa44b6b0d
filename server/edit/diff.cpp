#include "server/edit/diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

using Lines = std::vector<std::string_view>;

// A run of lines that differ: [a, a_end) of the one by [b, b_end) of the other.
struct Run {
  std::size_t a, a_end, b, b_end;
};

struct Match {
  std::size_t a, b;
};

// Pairs of equal lines of a[low..a_end) and b[low..b_end), in order; false when the two differ too
// much.
bool match(const Lines& a, const Lines& b, std::size_t low, std::size_t a_end, std::size_t b_end,
           std::vector<Match>& pairs) {
  const auto n = static_cast<std::ptrdiff_t>(a_end - low);
  const auto m = static_cast<std::ptrdiff_t>(b_end - low);
  const std::ptrdiff_t most = std::min<std::ptrdiff_t>(n + m, kMostDistance);
  std::vector<std::vector<std::ptrdiff_t>> trace;
  std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
  const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
    return furthest[static_cast<std::size_t>(k + most + 1)];
  };
  for (std::ptrdiff_t d = 0; d <= most; ++d) {
    for (std::ptrdiff_t k = -d; k <= d; k += 2) {
      std::ptrdiff_t x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m && x - k >= 0 &&
             a[low + static_cast<std::size_t>(x)] == b[low + static_cast<std::size_t>(x - k)]) {
        ++x;
      }
      at(k) = x;
      if (x < n || x - k < m) continue;
      // Backwards through the traces.
      std::ptrdiff_t y = x - k;
      for (std::ptrdiff_t step = d; step > 0; --step) {
        const auto& before = trace[static_cast<std::size_t>(step - 1)];
        const auto was = [&](std::ptrdiff_t line) {
          return before[static_cast<std::size_t>(line + step)];
        };
        const std::ptrdiff_t line = x - y;
        const bool down = line == -step || (line != step && was(line - 1) < was(line + 1));
        const std::ptrdiff_t previous = down ? line + 1 : line - 1;
        const std::ptrdiff_t from_x = was(previous);
        const std::ptrdiff_t from_y = from_x - previous;
        while (x > from_x && y > from_y && (down ? x > from_x : x > from_x + 1)) {
          --x, --y;
          pairs.push_back({low + static_cast<std::size_t>(x), low + static_cast<std::size_t>(y)});
        }
        x = from_x;
        y = from_y;
      }
      while (x > 0 && y > 0) {
        --x, --y;
        pairs.push_back({low + static_cast<std::size_t>(x), low + static_cast<std::size_t>(y)});
      }
      std::reverse(pairs.begin(), pairs.end());
      return true;
    }
    // Of this distance only the diagonals -d-1 to d+1 are looked at by the next.
    std::vector<std::ptrdiff_t> kept;
    for (std::ptrdiff_t k = -d - 1; k <= d + 1; ++k) kept.push_back(at(k));
    trace.push_back(std::move(kept));
  }
  return false;
}

std::vector<Run> runs_of(const Lines& a, const Lines& b) {
  std::size_t low = 0;
  while (low < a.size() && low < b.size() && a[low] == b[low]) ++low;
  std::size_t a_end = a.size();
  std::size_t b_end = b.size();
  while (a_end > low && b_end > low && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
  std::vector<Match> pairs;
  if (!match(a, b, low, a_end, b_end, pairs)) pairs.clear();
  pairs.push_back({a_end, b_end});
  std::vector<Run> runs;
  std::size_t at_a = low;
  std::size_t at_b = low;
  for (const Match& pair : pairs) {
    if (pair.a > at_a || pair.b > at_b) runs.push_back({at_a, pair.a, at_b, pair.b});
    at_a = pair.a + 1;
    at_b = pair.b + 1;
  }
  return runs;
}

void append_line(std::string& out, char mark, std::string_view line) {
  out.push_back(mark);
  const std::string_view body = without_end(line);
  utf8::append_repaired(out, body);
  const std::string_view end = line.substr(body.size());
  if (end.find('\r') != std::string_view::npos) out += "\\r";
  out.push_back('\n');
  if (end.empty()) out += "\\ No newline at end of file\n";
}

}  // namespace

DiffText unified_diff(std::string_view before, std::string_view after, std::size_t max_bytes,
                      std::size_t context) {
  const Lines a = split_lines(before);
  const Lines b = split_lines(after);
  const std::vector<Run> runs = runs_of(a, b);
  DiffText diff;
  for (const Run& run : runs) {
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
      for (; at < runs[run].a && room(); ++at) append_line(diff.text, ' ', a[at]);
      for (; at < runs[run].a_end && room(); ++at) append_line(diff.text, '-', a[at]);
      for (std::size_t j = runs[run].b; j < runs[run].b_end && room(); ++j) {
        append_line(diff.text, '+', b[j]);
      }
    }
    for (; at < runs[last].a_end + tail && room(); ++at) append_line(diff.text, ' ', a[at]);
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
