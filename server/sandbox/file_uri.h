// file:// URIs (RFC 8089) as paths. Decoded once; pure functions, safe from any thread.

#pragma once

#include <string>
#include <string_view>

#include "server/base/result.h"

namespace quarry::sandbox {

// Whether `text` begins with "file://", in any case of letters.
bool is_file_uri(std::string_view text);

// The absolute path that a file:// URI names; it may still hold "." and "..". kInvalidArgs,
// naming `argument`, for another host than localhost, a query, a fragment, a broken
// percent-escape, and an escaped slash or NUL.
Result<std::string> decode_file_uri(std::string_view uri, std::string_view argument);

}  // namespace quarry::sandbox
