// Text of a file in UTF-8: its lines, and the lines numbered as `cat -n` does.
//
// The hot part of reading a file. Pure functions; safe from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace quarry::files {

// A NUL in the first 8 KiB: what git and grep call binary.
bool holds_nul(std::string_view bytes);

// Valid UTF-8; fast over ASCII.
bool is_utf8(std::string_view bytes);

enum class LineEnds : std::uint8_t { kNone, kLf, kCrlf, kCr, kMixed };

struct TextShape {
  std::int64_t lines = 0;  // a last line without a newline counts
  LineEnds ends = LineEnds::kNone;
  bool final_newline = false;
  bool ascii = false;
  // What separates lines: '\n', or '\r' in a file that has no '\n'.
  char separator() const { return ends == LineEnds::kCr ? '\r' : '\n'; }
};

// The figures behind a shape, of a text that comes in pieces.
class ShapeTally {
 public:
  void add(std::string_view piece);
  TextShape shape() const;

 private:
  std::size_t newlines_ = 0;
  std::size_t returns_ = 0;
  std::size_t pairs_ = 0;  // "\r\n"
  std::uint8_t bits_ = 0;  // of all bytes together
  char last_ = '\0';
  bool empty_ = true;
};

TextShape find_shape(std::string_view text);

// The view from line `number` (1-based) on; empty when there are fewer lines.
std::string_view from_line(std::string_view text, std::int64_t number, char separator);

// The last `count` lines.
std::string_view last_lines(std::string_view text, std::int64_t count, char separator);

struct LineRun {
  std::int64_t first = 1;  // the number of the text's first line; 0 leaves the column blank
  std::int64_t max_lines = std::numeric_limits<std::int64_t>::max();
  std::size_t max_bytes = std::numeric_limits<std::size_t>::max();  // of what is appended
  std::size_t max_line_chars = 2000;  // longer lines are clipped and marked
  char separator = '\n';
  bool goes_on = false;  // the file goes on where the text ends, inside its last line
};

struct LinesShown {
  std::int64_t lines = 0;
  std::int64_t clipped = 0;        // how many of them
  std::int64_t first_clipped = 0;  // the number of the first of them
  std::size_t bytes = 0;           // of the text that these lines take, with their separators
};

// Appends lines as "     1\ttext\n" until one of the bounds of `run`. At least one line is
// appended, clipped to max_bytes if need be, so that a caller who continues always gets on.
// A '\r' before the separator is left out.
LinesShown append_lines(std::string& out, std::string_view text, const LineRun& run);

}  // namespace quarry::files
