// The known name that a caller most likely meant. Pure; safe from any thread.

#pragma once

#include <span>
#include <string_view>

namespace quarry::json {

// The name of `known` nearest to `name`: case, '_' and '-' do not count, and at most a third of
// its letters may be wrong (Levenshtein distance). Empty when none is that near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace quarry::json
