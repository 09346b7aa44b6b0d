#include <algorithm>

#include "server/search/pattern.h"
#include "server/search/unicode_property.h"

namespace quarry::search {
namespace {

// The flags of "(?ims-U" without `dropped`; the rest of the token as it is.
std::string without_flag(std::string_view flags, char dropped) {
  const std::size_t end = flags.find_last_not_of("):") + 1;
  std::string out;
  for (const char c : flags.substr(0, end)) {
    if (c != dropped) out.push_back(c);
  }
  if (out.ends_with('-')) out.pop_back();
  if (out == "(?" && flags.ends_with(')')) return "(?:)";
  return out.append(flags.substr(end));
}

bool is_text_edge(const Token& token) {
  return token.kind == TokenKind::kTextEdge && token.text != "\\G";
}

bool sets_line_flag(const Token& token) {
  if (token.kind != TokenKind::kFlags && token.kind != TokenKind::kOpen) return false;
  return token.text.starts_with("(?") && !token.text.contains('<') && token.text.contains('m');
}

}  // namespace

std::string with_line_edges(std::string_view pattern) {
  const std::vector<Token> tokens = read_pattern(pattern);
  const auto any = [&](auto is) { return std::ranges::any_of(tokens, is); };
  if (!any(is_text_edge) && !any(sets_line_flag)) return std::string(pattern);
  std::string out;
  for (const Token& token : tokens) {
    if (is_text_edge(token)) {
      out.push_back(token.text == "\\A" ? '^' : '$');
    } else if (sets_line_flag(token)) {
      out += without_flag(token.text, 'm');
    } else if (token.kind == TokenKind::kText && token.text == token.bytes &&
               std::string_view("\\.+*?()|[]{}^$").contains(token.text.front())) {
      out.append("\\").append(token.text);  // it was quoted
    } else {
      out += token.text;
    }
  }
  return out;
}

std::string without_unicode_flag(std::string_view flags) {
  return flags.contains('u') ? without_flag(flags, 'u') : std::string(flags);
}

std::string with_plain_properties(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    const std::string_view rest = pattern.substr(i);
    std::size_t length = 1;
    if (rest.starts_with("\\Q")) {
      length = std::min(rest.find("\\E"), rest.size());
    } else if (rest.starts_with("\\p") || rest.starts_with("\\P")) {
      length = property_length(rest);
      if (find_property(rest.substr(0, length))) {
        out += "\\pL";
        i += length;
        continue;
      }
    } else if (rest.starts_with('\\')) {
      length = std::min<std::size_t>(2, rest.size());
    } else if (rest.starts_with("(?")) {
      const std::size_t end = rest.find_first_not_of("imsuU-", 2);
      if (end != std::string_view::npos && (rest[end] == ':' || rest[end] == ')')) {
        out += without_unicode_flag(rest.substr(0, end + 1));
        i += end + 1;
        continue;
      }
    }
    out += rest.substr(0, length);
    i += length;
  }
  return out;
}

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
