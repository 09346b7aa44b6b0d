#include "server/analysis/line_pattern.h"

#include <algorithm>

namespace quarry::analysis {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
constexpr char lower_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_word(char c) {
  return (lower_letter(c) >= 'a' && lower_letter(c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
}
constexpr bool is_name(char c) {
  return is_word(c) || c == '.' || c == ':' || c == '$';
}

template <class Is>
std::size_t count_while(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is) - text.begin());
}

bool matches(std::string_view line, std::string_view pattern, bool fold) {
  while (!pattern.empty()) {
    const char c = pattern.front();
    if (c == ' ') {
      const std::size_t blanks = count_while(line, is_blank);
      if (blanks == 0) return false;
      line.remove_prefix(blanks);
      pattern.remove_prefix(1);
      continue;
    }
    if (c != '%' || pattern.size() < 2 || pattern[1] == '%') {
      if (line.empty()) return false;
      const bool same = fold ? lower_letter(line.front()) == lower_letter(c) : line.front() == c;
      if (!same) return false;
      line.remove_prefix(1);
      pattern.remove_prefix(c == '%' && pattern.size() > 1 ? 2 : 1);
      continue;
    }
    const char what = pattern[1];
    pattern.remove_prefix(2);
    if (what == '_') {
      line.remove_prefix(count_while(line, is_blank));
    } else if (what == 'w' || what == 'n') {
      const std::size_t size =
          what == 'w' ? count_while(line, is_word) : count_while(line, is_name);
      if (size == 0) return false;
      line.remove_prefix(size);
    } else if (what == '$') {
      if (!line.empty()) return false;
    } else if (what == 'b') {
      if (!line.empty() && is_word(line.front())) return false;
    } else if (what == '*') {
      if (pattern.empty()) return true;
      // Where a byte must come next, only its places are tried: most lines have none.
      const char next = pattern.front();
      const bool plain = !fold && next != ' ' && next != '%';
      for (;; line.remove_prefix(1)) {
        if (plain) line.remove_prefix(std::min(line.find(next), line.size()));
        if (matches(line, pattern, fold)) return true;
        if (line.empty()) return false;
      }
    }
  }
  return true;
}

}  // namespace

std::string_view first_lines(std::string_view text, int lines) {
  std::size_t end = 0;
  while (lines-- > 0 && end < text.size()) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  return text.substr(0, end);
}

std::string_view pattern_line(std::string_view line) {
  std::size_t end = std::min(line.size(), kMaxPatternLine);
  while (end > 0 && (line[end - 1] == '\r' || is_blank(line[end - 1]))) --end;
  std::size_t begin = 0;
  while (begin < end && is_blank(line[begin])) ++begin;
  return line.substr(begin, end - begin);
}

bool matches_pattern(std::string_view line, std::string_view pattern) {
  const bool fold = pattern.size() >= 2 && pattern[0] == '%' && pattern[1] == 'i';
  if (fold) pattern.remove_prefix(2);
  return matches(line, pattern, fold);
}

}  // namespace quarry::analysis
