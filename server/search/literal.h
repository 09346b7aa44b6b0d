// What of a regular expression can be found by plain comparison. Pure functions; safe from any
// thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quarry::search {

// The text that `pattern` matches, when it matches exactly one: no operator in it but escaped
// punctuation.
std::optional<std::string> as_literal(std::string_view pattern);

// The longest text found by a simple reading of `pattern` that every match contains, or "" when
// there is none of at least three bytes. REQUIRES: `pattern` is a valid RE2 expression and is
// matched with case; flags inside it give "".
std::string required_literal(std::string_view pattern);

// What of `pattern` cannot be left to RE2. Positions are of the pattern.
struct PatternShape {
  int nesting = 0;          // of groups
  bool any_byte = false;    // \C
  bool line_break = false;  // asks for a \n outside a class
  bool line_end = false;    // a $
};
PatternShape shape_of(std::string_view pattern);

}  // namespace quarry::search
