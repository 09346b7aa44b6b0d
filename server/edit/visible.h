// What the eye takes for the same, made visible: blanks, quotes, dashes, control characters.
//
// Pure; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quarry::edit {

// A character of a text. Of bad UTF-8 each byte is one.
struct Point {
  std::uint32_t code = 0;
  std::size_t length = 1;  // bytes
};
// REQUIRES: at < text.size()
Point point_at(std::string_view text, std::size_t at);
bool is_space(std::uint32_t code);
// The character of ASCII that a typographic one is taken for; 0: none.
char plain_for(std::uint32_t code);

// A line as an answer shows it.
struct Shown {
  std::string text;
  bool tab = false;       // it has one, as an arrow before it
  bool trailing = false;  // it has spaces at its end, as dots
};
// `line` without its end. At most kShownColumns characters, so that the one at `at` is among them.
inline constexpr std::size_t kShownColumns = 160;
Shown shown_line(std::string_view line, std::size_t at = 0);

// The character at `at` by name: "a TAB", "'x'", "the end of the line".
std::string character_name(std::string_view line, std::size_t at);

}  // namespace quarry::edit
