// How error texts quote what the caller sent: on one line, bounded, nothing resolved.
// Pure functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::sandbox {

// An argument as given: control characters and bytes that are not UTF-8 as \xNN, backslashes as
// they came (the caller wrote them), cut after 200 bytes with "...".
std::string shown_argument(std::string_view text);

// A name or path of the file system, as utf8::append_escaped_name prints it, cut likewise.
std::string shown_name(std::string_view name);

// How an error about a name that is missing ends when none like it lies where it was looked for.
inline constexpr std::string_view kNothingNear = "; list_directory and glob show what is there";

}  // namespace quarry::sandbox
