#include "server/search/literal.h"

#include <algorithm>

namespace quarry::search {
namespace {

constexpr std::size_t kShortest = 3;  // shorter ones are everywhere
constexpr std::string_view kOperators = "\\.+*?()|[]{}^$";

bool punctuation(char c) {
  return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
         !(c >= 'a' && c <= 'z') && c != '_';
}

// Index behind the class that starts at `at` (a '[').
std::size_t class_end(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  if (i < pattern.size() && pattern[i] == '^') ++i;
  if (i < pattern.size() && pattern[i] == ']') ++i;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern.substr(i, 2) == "[:") {
      const std::size_t close = pattern.find(":]", i + 2);
      if (close != std::string_view::npos) i = close + 1;
    }
    ++i;
  }
  return std::min(i + 1, pattern.size());
}

// Index behind the group that starts at `at` (a '('), or npos.
std::size_t group_end(std::string_view pattern, std::size_t at) {
  int depth = 0;
  for (std::size_t i = at; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\\') {
      i += 2;
    } else if (c == '[') {
      i = class_end(pattern, i);
    } else {
      ++i;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return i;
    }
  }
  return std::string_view::npos;
}

// Index behind the escape that starts at `at` (a backslash), its braces included.
std::size_t escape_end(std::string_view pattern, std::size_t at) {
  const char c = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
  if ((c == 'x' || c == 'p' || c == 'P') && at + 2 < pattern.size()) {
    if (pattern[at + 2] == '{') return std::min(pattern.find('}', at), pattern.size() - 1) + 1;
    return std::min(at + (c == 'x' ? 4U : 3U), pattern.size());
  }
  std::size_t end = at + 2;
  if (c >= '0' && c <= '7') {
    while (end < pattern.size() && end < at + 4 && pattern[end] >= '0' && pattern[end] <= '7')
      ++end;
  }
  return std::min(end, pattern.size());
}

// Index behind the count `{2,3}` that starts at `at`, or behind its brace when it is none.
std::size_t count_end(std::string_view pattern, std::size_t at) {
  const std::size_t end = pattern.find_first_not_of("0123456789,", at + 1);
  return end != std::string_view::npos && pattern[end] == '}' ? end + 1 : at + 1;
}

}  // namespace

std::optional<std::string> as_literal(std::string_view pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (i + 1 == pattern.size() || !punctuation(pattern[i + 1])) return std::nullopt;
      c = pattern[++i];
    } else if (kOperators.contains(c)) {
      return std::nullopt;
    }
    text.push_back(c);
  }
  if (text.empty()) return std::nullopt;
  return text;
}

std::string required_literal(std::string_view pattern) {
  // \Q quotes what this reading would take for operators; flags may switch case off.
  if (pattern.contains("\\Q") || pattern.contains("(?i") || pattern.contains("(?-") ||
      pattern.contains("(?s") || pattern.contains("(?m") || pattern.contains("(?U")) {
    return {};
  }
  std::string best;
  std::string run;
  std::size_t last = 0;  // where the last character of `run` starts
  const auto end_run = [&] {
    if (run.size() > best.size()) best = run;
    run.clear();
    last = 0;
  };
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '|') return {};  // at the top level: no part is in every match
    if (c == '*' || c == '?' || c == '{') {
      run.resize(last);  // what it repeats may be absent
      end_run();
      i = c == '{' ? count_end(pattern, i) : i + 1;
    } else if (c == '(') {
      end_run();
      i = group_end(pattern, i);
      if (i == std::string_view::npos) return {};
    } else if (c == '[') {
      end_run();
      i = class_end(pattern, i);
    } else if (c == '+' || c == '.' || c == '^' || c == '$') {
      end_run();
      ++i;
    } else if (c == '\\' && i + 1 < pattern.size() && punctuation(pattern[i + 1])) {
      last = run.size();
      run.push_back(pattern[i + 1]);
      i += 2;
    } else if (c == '\\') {
      end_run();
      i = escape_end(pattern, i);
    } else {
      // A continuation byte belongs to the character before it.
      if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) last = run.size();
      run.push_back(c);
      ++i;
    }
  }
  end_run();
  return best.size() >= kShortest ? best : std::string();
}

PatternShape shape_of(std::string_view pattern) {
  PatternShape shape;
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\\') {
      const char escaped = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
      if (escaped == 'Q') {
        const std::size_t close = pattern.find("\\E", i + 2);
        const std::size_t end = std::min(close, pattern.size());
        if (pattern.substr(i, end - i).contains('\n')) shape.line_break = true;
        i = end;
        if (close != std::string_view::npos) i += 2;
        continue;
      }
      if (escaped == 'C') shape.any_byte = true;
      if (escaped == 'n') shape.line_break = true;
      i += 2;
    } else if (c == '[') {
      i = class_end(pattern, i);
    } else {
      if (c == '(') shape.nesting = std::max(shape.nesting, ++depth);
      if (c == ')') --depth;
      if (c == '$') shape.line_end = true;
      if (c == '\n') shape.line_break = true;
      ++i;
    }
  }
  return shape;
}

}  // namespace quarry::search
