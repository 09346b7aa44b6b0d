#include <algorithm>

#include "server/search/pattern.h"

namespace quarry::search {

std::string with_code_points(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out.push_back(pattern[i++]);
      continue;
    }
    const char letter = pattern[i + 1];
    if (letter == 'Q') {  // what follows is plain text
      const std::size_t end = std::min(pattern.find("\\E", i), pattern.size());
      out += pattern.substr(i, end - i);
      i = end;
      continue;
    }
    const bool braced = i + 2 < pattern.size() && pattern[i + 2] == '{';
    const std::size_t begin = i + (braced ? 3 : 2);
    const std::size_t end = braced ? pattern.find('}', begin) : begin + (letter == 'u' ? 4 : 8);
    const bool digits =
        (letter == 'u' || letter == 'U') && end <= pattern.size() && end > begin &&
        pattern.substr(begin, end - begin).find_first_not_of("0123456789abcdefABCDEF") ==
            std::string_view::npos;
    if (!digits) {
      out += pattern.substr(i, 2);
      i += 2;
      continue;
    }
    out += "\\x{" + std::string(pattern.substr(begin, end - begin)) + "}";
    i = end + (braced ? 1 : 0);
  }
  return out;
}

std::string without_basic_syntax(std::string_view pattern) {
  std::string out;
  bool found = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out.push_back(pattern[i]);
      continue;
    }
    const char c = pattern[++i];
    if (c == '|') {
      out.push_back('|');
    } else if (c == '<' || c == '>') {
      out += "\\b";
    } else {
      out.push_back('\\');
      out.push_back(c);
      continue;
    }
    found = true;
  }
  return found ? out : std::string();
}

}  // namespace quarry::search
