// UTF-8 of text that comes from files, names and git: valid, repaired, or escaped.
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quarry::utf8 {

struct Character {
  std::size_t length = 0;  // bytes
  bool valid = false;
  char32_t point = 0;  // when valid
};

// The character, or else the maximal ill-formed subsequence, at the start of `bytes`, which is not
// empty.
Character next(std::string_view bytes);

// Whether `byte` goes on with a character, as all of its bytes but the first do.
constexpr bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Well-formed as Unicode 15 table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid(std::string_view bytes);

// REQUIRES: a scalar value.
void append_character(std::string& out, char32_t point);

// Appends `bytes` to `out`, each maximal ill-formed subsequence as one U+FFFD
// (the practice that Unicode 15 section 3.9 recommends).
void append_repaired(std::string& out, std::string_view bytes);

// Appends a file name so that it stays on one line and can be read back: control characters,
// bytes that are not UTF-8, bidi and zero-width controls and the backslash as \xNN (bytes) or \\.
void append_escaped_name(std::string& out, std::string_view name);

// The inverse of append_escaped_name. Text without a backslash comes back unchanged; a
// backslash that starts no known escape stands for itself.
std::string unescape_name(std::string_view text);

// Where the character begins that text[at] is a part of: `at` itself, or up to three bytes before.
// `at` also where there is none, and at the end.
std::size_t character_begin(std::string_view text, std::size_t at);

// The longest prefix of `text` that is at most `max_bytes` long and does not end inside a
// character. `text` should be valid UTF-8.
std::string_view clip(std::string_view text, std::size_t max_bytes);

}  // namespace quarry::utf8
