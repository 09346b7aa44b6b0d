// Covered: up to which change of `recent` the state holds everything.
//
// Written into `state` by the transaction that takes changes over, and so true at any moment,
// whatever is killed when: a record of `recent` with an earlier stamp is obsolete even when nobody
// came to erase it. Changes of `recent` are counted anew when it is begun anew, under another
// epoch.
//
// `state` keeps it under kOwnKey, which belongs to no table.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quarry::store {

inline constexpr std::string_view kOwnKey{"\0", 1};  // no table has this number
inline constexpr std::size_t kStampBytes = sizeof(std::uint64_t);

struct Covered {
  std::uint64_t epoch = 0;
  std::uint64_t change = 0;
};

std::string encode_covered(const Covered& covered);
// Nothing is covered when the bytes are not what encode_covered() wrote.
Covered decode_covered(std::string_view bytes);

// As 8 bytes, and back; 0 when they are fewer.
std::string encode_number(std::uint64_t number);
std::uint64_t decode_number(std::string_view bytes);

}  // namespace quarry::store
