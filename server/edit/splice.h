// Splice: a range of a text and what comes in its place. All else stays as it is, byte for byte.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace quarry::edit {

struct Splice {
  std::size_t begin = 0;  // byte offsets into the text
  std::size_t end = 0;
  std::string with;
  bool operator==(const Splice&) const = default;
};

// REQUIRES: sorted, within the text, not overlapping.
inline std::string spliced(std::string_view text, std::span<const Splice> splices) {
  std::string out;
  std::size_t at = 0;
  for (const Splice& splice : splices) {
    out.append(text.substr(at, splice.begin - at)).append(splice.with);
    at = splice.end;
  }
  return out.append(text.substr(at));
}

}  // namespace quarry::edit
