// Charset: which encoding a file's text is in, and how that is known.
//
// The table holds stateless charsets only: a character's bytes mean the same wherever they stand,
// so that a file can be changed in one place without a look at the rest.
//
// Constant data and pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quarry::files {

enum class CharsetKind : std::uint8_t {
  kUtf8,
  kUtf16Le,
  kUtf16Be,
  kSingle,  // one byte a character
  kGbk,     // the rest: one to four bytes, told by the first ones
  kGb18030,
  kBig5,
  kShiftJis,
  kEucJp,
  kEucKr,
  kCp949,
};

struct CharsetRow {
  std::string_view name;  // as it is shown and as callers may write it
  const char* iconv;      // the name that the C library knows
  CharsetKind kind = CharsetKind::kSingle;
  std::string_view also = {};  // other names, apart by blanks
};

// In no order that matters.
std::span<const CharsetRow> charsets();

enum class CharsetFound : std::uint8_t { kGiven, kBom, kValidUtf8, kDetected };

struct Charset {
  const CharsetRow* row = nullptr;  // of charsets(); never null
  bool has_bom = false;             // the file begins, or is to begin, with a byte order mark
  CharsetFound found = CharsetFound::kGiven;

  Charset();  // utf-8 without a byte order mark
  Charset(const CharsetRow& of, bool bom, CharsetFound how) : row(&of), has_bom(bom), found(how) {}

  std::string_view name() const { return row->name; }
  CharsetKind kind() const { return row->kind; }
  bool utf16() const { return kind() == CharsetKind::kUtf16Le || kind() == CharsetKind::kUtf16Be; }
  // The bytes that `has_bom` speaks of; empty without.
  std::string_view bom() const;
};

// By a name as people write it: case, '_', ' ' and a missing '-' do not matter; "utf-16" is little
// endian with a byte order mark, "utf-8-sig" has one.
std::optional<Charset> find_charset(std::string_view name);

// By the byte order mark that `raw` begins with.
std::optional<Charset> find_bom(std::string_view raw);

// "utf-8, utf-16le, ...": what an argument may say.
std::string charset_names();

}  // namespace quarry::files
