// Codec: one charset's bytes to UTF-8 and back, by the C library's iconv; and where the characters
// of its bytes end.
//
// Single-byte charsets go through a table that is made once: iconv's own windows-1255 and -1258
// join a letter and the mark after it into one character, which then has no place of its own.
// What a charset lacks is never replaced.
//
// Thread-compatible.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/result.h"
#include "server/files/charset.h"

namespace quarry::files {

class Codec {
 public:
  // kUnavailable when the C library lacks the charset.
  static Result<Codec> open(const Charset& charset);
  Codec(Codec&& other) noexcept;
  Codec& operator=(Codec&&) = delete;
  ~Codec();

  // Appends the characters at the start of `raw` up to the first byte that begins none, at most
  // all. Returns how many bytes they take.
  std::size_t append_decoded(std::string& out, std::string_view raw) const;

  // Appends the bytes of the characters of `text` (valid UTF-8) up to the first that the charset
  // lacks. Returns how many bytes of `text` they take.
  std::size_t append_encoded(std::string& out, std::string_view text) const;

 private:
  explicit Codec(CharsetKind kind) : kind_(kind) {}
  void fill_table();
  std::size_t append_decoded_utf16(std::string& out, std::string_view raw) const;
  std::size_t append_encoded_utf16(std::string& out, std::string_view text) const;

  CharsetKind kind_;
  void* decoder_ = nullptr;  // iconv_t, or null
  void* encoder_ = nullptr;
  std::array<char32_t, 256> points_{};                        // kSingle; kNoPoint: not a character
  std::vector<std::pair<char32_t, unsigned char>> by_point_;  // its inverse, sorted
};

// Bytes at the start of `raw` (not empty) that make up the character `shown` of the decoded text;
// U+FFFD there may stand for bytes that make up none.
std::size_t raw_length(CharsetKind kind, std::string_view raw, char32_t shown);

}  // namespace quarry::files
