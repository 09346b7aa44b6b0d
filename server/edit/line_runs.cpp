#include "server/edit/line_runs.h"

#include <algorithm>
#include <cstdint>

namespace quarry::edit {
namespace {

using LineList = std::span<const std::string_view>;

struct Match {
  std::size_t a, b;
};

// Pairs of equal lines of a[low..a_end) and b[low..b_end), in order; false when the two differ too
// much.
bool match(LineList a, LineList b, std::size_t low, std::size_t a_end, std::size_t b_end,
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

}  // namespace

std::vector<LineRun> differing_runs(std::span<const std::string_view> a,
                                    std::span<const std::string_view> b) {
  std::size_t low = 0;
  while (low < a.size() && low < b.size() && a[low] == b[low]) ++low;
  std::size_t a_end = a.size();
  std::size_t b_end = b.size();
  while (a_end > low && b_end > low && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
  std::vector<Match> pairs;
  if (!match(a, b, low, a_end, b_end, pairs)) pairs.clear();
  pairs.push_back({a_end, b_end});
  std::vector<LineRun> runs;
  std::size_t at_a = low;
  std::size_t at_b = low;
  for (const Match& pair : pairs) {
    if (pair.a > at_a || pair.b > at_b) runs.push_back({at_a, pair.a, at_b, pair.b});
    at_a = pair.a + 1;
    at_b = pair.b + 1;
  }
  return runs;
}

}  // namespace quarry::edit
