// The inside of one JSON string: where it ends, and what its escapes stand for.
//
// REQUIRES: 64 readable bytes after `end`, as Document::parse demands of a line.
// Pure functions; safe from any thread.

#pragma once

namespace quarry::json {

// The first quote or backslash in [at, end); null when there is none.
const char* find_quote_or_backslash(const char* at, const char* end);

// Unescapes from `at` up to the closing quote and returns that quote's place; null for an unknown
// escape, a lone surrogate, or no closing quote. `out` is moved past what was written: never more
// than was read, but up to 15 bytes behind it are scribbled on.
const char* unescape_string(const char* at, const char* end, char*& out);

}  // namespace quarry::json
