// Figures as people read them: counts with thousands separators, sizes in binary units,
// appended without allocating beyond the string's growth. Pure functions; safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace quarry {

// "7", "4,200".
void append_count(std::string& out, std::uint64_t value);

// "7", "4200": for arguments that a caller sends back.
void append_integer(std::string& out, std::int64_t value);

// "512 B", "3.4 KiB", "16.0 MiB", rounded to nearest.
void append_size(std::string& out, std::uint64_t bytes);

// "2026-01-31T23:59:00Z" (ISO 8601) of Unix seconds; years 0 to 9999.
using UtcText = std::array<char, 20>;
UtcText utc_text(std::int64_t seconds);
void append_utc(std::string& out, std::int64_t seconds);

// 16 lower-case hexadecimal digits, as content_hash() shows a hash64().
void append_hash(std::string& out, std::uint64_t hash);

}  // namespace quarry
