// Lines of a text, their ends included: "\n", "\r\n" or "\r". Pure; safe from any thread.

#pragma once

#include <string_view>
#include <vector>

namespace quarry::edit {

// The end of the line that begins at `begin`, its line end included.
inline std::size_t line_end(std::string_view text, std::size_t begin) {
  // find_first_of() costs a call for each byte.
  std::size_t at = begin;
  while (at < text.size() && text[at] != '\n' && text[at] != '\r') ++at;
  if (at == text.size()) return at;
  return at + (text.substr(at, 2) == "\r\n" ? 2 : 1);
}

inline std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = line_end(text, begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

inline std::string_view without_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

}  // namespace quarry::edit
