// Finding one text in another in time that both together bound, whatever they hold: the standard
// library's find takes the product where they are long and repeat themselves.
//
// Pure; safe from any thread.

#pragma once

#include <cstring>
#include <string_view>

namespace quarry::edit {

// The first place of `wanted` at or behind `from`; npos: none.
inline std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t from = 0) {
  if (from > text.size()) return text.npos;
  if (wanted.empty()) return from;
  text.remove_prefix(from);
  const void* const found = memmem(text.data(), text.size(), wanted.data(), wanted.size());
  if (found == nullptr) return text.npos;
  return from + static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace quarry::edit
