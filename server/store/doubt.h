// Doubt: among which durable records some may have been lost to damage.
//
// Kept in `state` from the transaction that takes over what was left until what depends on several
// records agrees again: whoever is killed meanwhile leaves that to the next process.
//
// `state` keeps it under kDoubtKey, which belongs to no table. Pure functions; safe from any
// thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/store/environment.h"
#include "server/store/salvage.h"

namespace quarry::store {

inline constexpr std::string_view kDoubtKey{"\0d", 2};

using LostKeys = std::vector<KeyRange>;

std::string encode_doubt(const LostKeys& lost);
// Everything is in doubt when the bytes are not what encode_doubt() wrote.
LostKeys decode_doubt(std::string_view bytes);

// As `state` has it; nullopt: there is none.
Result<std::optional<LostKeys>> find_doubt(Environment& state);
// From now on everything is in doubt.
Result<void> doubt_everything(Environment::Change& state);

}  // namespace quarry::store
