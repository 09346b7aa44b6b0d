#include "server/base/newlines.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace quarry {

std::size_t count_newlines(std::string_view text) {
  constexpr std::size_t kLanes = 32;
  constexpr std::size_t kMostRounds = 255;  // that a lane's byte counts
  std::size_t count = 0;
  while (text.size() >= kLanes) {
    // By pointers, whose places nobody checks: a check for each would keep them apart.
    std::array<std::uint8_t, kLanes> lanes{};
    std::uint8_t* const lane = lanes.data();
    for (std::size_t left = std::min(text.size() / kLanes, kMostRounds); left > 0; --left) {
      const char* const at = text.data();
      for (std::size_t i = 0; i < kLanes; ++i) {
        lane[i] = static_cast<std::uint8_t>(lane[i] + (at[i] == '\n' ? 1 : 0));
      }
      text.remove_prefix(kLanes);
    }
    count = std::accumulate(lanes.begin(), lanes.end(), count);
  }
  return count + static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace quarry
