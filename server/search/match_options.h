// MatchOptions: how a search pattern is meant.

#pragma once

#include <cstddef>

namespace quarry::search {

struct MatchOptions {
  bool fixed = false;        // the pattern is plain text
  bool ignore_case = false;  // Unicode simple folding
  bool word = false;         // not within a longer word
  bool multiline = false;    // a match may cross lines; . matches a line break
  bool operator==(const MatchOptions&) const = default;
};

struct Span {
  std::size_t begin, end;
};

}  // namespace quarry::search
