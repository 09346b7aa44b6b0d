// Bytes as rows of hexadecimal digits and of the characters they would be:
//
//   00000010  23 69 6e 63 6c 75 64 65  20 22 61 2e 68 22 0a 00  |#include "a.h"..|
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quarry::files {

inline constexpr std::size_t kHexRowBytes = 16;

// How many bytes fit into `max_bytes` of rows, at least one row's.
std::size_t fitting_hex(std::size_t max_bytes);

// Appends `bytes`, the first of which lies at `offset` of its file.
void append_hex(std::string& out, std::int64_t offset, std::string_view bytes);

}  // namespace quarry::files
