// Where lines end in the raw bytes of a file, before anything is decoded: at a byte, which in every
// charset but UTF-16 is that character and no part of another, or at UTF-16's two bytes of it.
//
// REQUIRES, for UTF-16: every view begins at an even offset behind the byte order mark.
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/files/charset.h"
#include "server/files/text.h"

namespace quarry::files {

enum class LineUnit : std::uint8_t { kLf, kCr, kUtf16Le, kUtf16Be };

// Of text in `charset`, whose lines end with '\n'.
LineUnit line_unit(const Charset& charset);

// 1, or 2 in UTF-16.
std::size_t unit_bytes(LineUnit unit);

std::size_t count_line_ends(std::string_view raw, LineUnit unit);

// The offset behind the first line end whose last byte lies at or after `from`; npos without.
std::size_t after_line_end(std::string_view raw, std::size_t from, LineUnit unit);

// The offset behind the last line end; npos without.
std::size_t after_last_line_end(std::string_view raw, LineUnit unit);

// The offset of line `number` (1-based, from the begin of `raw`); npos when there are fewer ends.
std::size_t offset_of_line(std::string_view raw, std::int64_t number, LineUnit unit);

}  // namespace quarry::files
