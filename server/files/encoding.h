// A file's bytes as UTF-8 text, and a replacement as the file's own bytes.
//
// Nothing is lost between the two: bytes that are no character of the charset show as U+FFFD and
// keep their place (raw_offset), so that whoever changes a file can find where in its raw bytes
// to do so and leave every other byte alone; a character that the charset lacks is an error, never
// a likeness of it.
//
// Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/files/charset.h"
#include "server/files/codec.h"

namespace quarry::files {

struct Decoded {
  std::string text;  // UTF-8, without the byte order mark, line ends as they are
  Charset charset;
  bool lossless = true;  // encode() of the whole gives the same bytes, but for the mark
  bool damaged = false;  // some bytes show as U+FFFD

  // Where in the raw bytes the character at `text_offset` begins; for text.size() the raw size.
  // REQUIRES: the bytes given to decode() still live; `text_offset` is at a character's boundary.
  // Takes up to a few thousand steps.
  std::size_t raw_offset(std::size_t text_offset) const;

 private:
  friend Result<Decoded> decode(std::string_view raw, std::optional<Charset> wanted);
  struct Mark {
    std::size_t text = 0;
    std::size_t raw = 0;
  };
  std::string_view raw_;     // the caller's
  std::vector<Mark> marks_;  // in order; none: the bytes after the mark are the text
};

// In `wanted`, or in what detect_charset() finds. A byte order mark of `wanted` at the start is
// found and left out; utf-16 follows the mark that is there. kUnavailable when the machine lacks
// the charset.
Result<Decoded> decode(std::string_view raw, std::optional<Charset> wanted = std::nullopt);

// Text as the bytes of one charset, piece by piece: opening it costs far more than a short piece.
// Thread-compatible.
class Encoder {
 public:
  // kUnavailable when the machine lacks the charset.
  static Result<Encoder> open(const Charset& charset);

  // The bytes of `text` (valid UTF-8), without a byte order mark: Charset::bom() is that.
  // kInvalidArgs names the first character that the charset lacks.
  Result<std::string> encode(std::string_view text) const;

 private:
  Encoder(const Charset& charset, Codec codec) : charset_(charset), codec_(std::move(codec)) {}

  Charset charset_;
  Codec codec_;
};

// The same of one piece.
Result<std::string> encode(std::string_view text, const Charset& charset);

}  // namespace quarry::files
