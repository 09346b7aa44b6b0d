// match_length: how long a match of a pattern can be. Pure function; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/search/pattern.h"

namespace quarry::search {

inline constexpr std::size_t kAnyLength = SIZE_MAX;

// In bytes, maybe less than that; kAnyLength: there is no bound, or none is known.
std::size_t longest_match(const std::vector<Token>& tokens);

}  // namespace quarry::search
