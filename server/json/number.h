// Numbers as JSON writes them: their grammar, and the integers among them.
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace quarry::json {

// One past the longest JSON number (RFC 8259 section 6) at the start of [at, end); null when
// there is none.
const char* skip_number(const char* at, const char* end);

// The whole of `text` is one JSON number.
bool is_number(std::string_view text);

// The value of a JSON number that is integral ("7", "7.0", "1e3") and fits, exactly.
// REQUIRES: is_number(token).
std::optional<std::int64_t> integral_value(std::string_view token);

}  // namespace quarry::json
