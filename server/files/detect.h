// Which charset a file's bytes are in, when nobody says so.
//
// In this order: a byte order mark; valid UTF-8; UTF-16 without a mark, when the text makes sense
// in one byte order and not in the other; UTF-8 with few bad bytes among good ones; what uchardet
// says, where the bytes agree; else iso-8859-1 or windows-1252.
//
// Pure functions; safe from any thread.

#pragma once

#include <optional>
#include <string_view>

#include "server/files/charset.h"

namespace quarry::files {

Charset detect_charset(std::string_view raw);

// UTF-16 by its byte order mark, or without one by the look of the first 8 KiB. Text without a NUL
// byte is none without a mark.
std::optional<Charset> find_utf16(std::string_view raw);

}  // namespace quarry::files
