// Lines of a text, their ends included. They are separated as a reader numbers them: by "\n", or by
// "\r" in a text that has no "\n"; a "\r" before a "\n" belongs to the line's end, any other is a
// character of its line. Pure; safe from any thread.

#pragma once

#include <string_view>
#include <vector>

namespace quarry::edit {

inline char separator_of(std::string_view text) {
  const bool returns = text.find('\n') == text.npos && text.find('\r') != text.npos;
  return returns ? '\r' : '\n';
}

// The end of the line that begins at `begin`, its line end included.
inline std::size_t line_end(std::string_view text, std::size_t begin, char separator) {
  const std::size_t at = text.find(separator, begin);
  return at == text.npos ? text.size() : at + 1;
}

inline std::vector<std::string_view> split_lines(std::string_view text, char separator) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = line_end(text, begin, separator);
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

inline std::string_view without_end(std::string_view line, char separator) {
  if (!line.ends_with(separator)) return line;
  line.remove_suffix(1);
  if (separator == '\n' && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace quarry::edit
