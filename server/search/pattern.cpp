#include "server/search/pattern.h"

#include <algorithm>
#include <charconv>

#include "server/base/utf8.h"

namespace quarry::search {
namespace {

bool is_punctuation(char c) {
  return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
         !(c >= 'a' && c <= 'z') && c != '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Reader {
 public:
  explicit Reader(std::string_view pattern) : pattern_(pattern) {}

  std::vector<Token> read() {
    while (at_ < pattern_.size()) {
      const std::size_t begin = at_;
      read_one();
      if (!tokens_.empty() && tokens_.back().text.empty()) {
        tokens_.back().text = pattern_.substr(begin, at_ - begin);
      }
    }
    return std::move(tokens_);
  }

 private:
  Token& add(TokenKind kind, std::size_t length) {
    at_ = std::min(at_ + length, pattern_.size());
    tokens_.emplace_back();
    tokens_.back().kind = kind;
    return tokens_.back();
  }
  void add_text(std::string bytes, std::size_t length) {
    add(TokenKind::kText, length).bytes = std::move(bytes);
  }
  char peek(std::size_t ahead) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }

  void read_one() {
    switch (const char c = pattern_[at_]) {
      case '\\':
        return read_escape();
      case '[':
        add(TokenKind::kClass, class_length());
        return;
      case '(':
        return read_open();
      case ')':
        add(TokenKind::kClose, 1);
        return;
      case '|':
        add(TokenKind::kBar, 1);
        return;
      case '.':
        add(TokenKind::kAny, 1);
        return;
      case '^':
        add(TokenKind::kLineBegin, 1);
        return;
      case '$':
        add(TokenKind::kLineEnd, 1);
        return;
      case '*':
      case '+':
      case '?':
      case '{':
        if (c == '{' && !counted()) break;
        return read_repeat();
      default:
        break;
    }
    std::size_t length = 1;  // with the continuation bytes of its character
    while (utf8::continues(peek(length))) ++length;
    add_text(std::string(pattern_.substr(at_, length)), length);
  }

  // Whether a count such as {2,3} starts here; another brace is text.
  bool counted() const {
    const std::size_t end = pattern_.find_first_not_of("0123456789,", at_ + 1);
    return end != std::string_view::npos && pattern_[end] == '}' && is_digit(peek(1));
  }

  void read_repeat() {
    const char c = pattern_[at_];
    int min = c == '+' ? 1 : 0;
    int max = c == '?' ? 1 : -1;
    std::size_t length = 1;
    if (c == '{') {
      length = pattern_.find('}', at_) + 1 - at_;
      const std::string_view counts = pattern_.substr(at_ + 1, length - 2);
      const std::size_t comma = counts.find(',');
      min = number(counts.substr(0, comma));
      max = comma == std::string_view::npos ? min
            : comma + 1 == counts.size()    ? -1
                                            : number(counts.substr(comma + 1));
    }
    if (peek(length) == '?' || peek(length) == '+') ++length;  // lazy, possessive
    Token& token = add(TokenKind::kRepeat, length);
    token.min = min;
    token.max = max;
  }

  static int number(std::string_view digits) {
    int value = 100'000;  // more than any engine takes
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }

  void read_open() {
    if (peek(1) != '?') {
      add(TokenKind::kOpen, 1);
      return;
    }
    const std::string_view rest = pattern_.substr(at_ + 2);
    if (rest.starts_with("=") || rest.starts_with("!")) {
      add(TokenKind::kLook, 3);
    } else if (rest.starts_with("<=") || rest.starts_with("<!")) {
      add(TokenKind::kLook, 4);
    } else if (rest.starts_with(">")) {
      add(TokenKind::kAtomic, 3);
    } else if (rest.starts_with("P=")) {
      add(TokenKind::kBack, std::min(pattern_.find(')', at_), pattern_.size()) + 1 - at_);
    } else if (rest.starts_with("P<") || rest.starts_with("<")) {
      add(TokenKind::kOpen, std::min(pattern_.find('>', at_), pattern_.size()) + 1 - at_);
    } else {
      const std::size_t end = std::min(rest.find_first_not_of("imsuU-"), rest.size());
      const char closing = end < rest.size() ? rest[end] : '\0';
      const TokenKind kind = closing == ':'              ? TokenKind::kOpen
                             : closing == ')' && end > 0 ? TokenKind::kFlags
                                                         : TokenKind::kOther;
      add(kind, end + 3);
    }
  }

  std::size_t class_length() const {
    std::size_t i = at_ + 1;
    if (i < pattern_.size() && pattern_[i] == '^') ++i;
    if (i < pattern_.size() && pattern_[i] == ']') ++i;
    while (i < pattern_.size() && pattern_[i] != ']') {
      if (pattern_[i] == '\\') {
        ++i;
      } else if (pattern_.substr(i, 2) == "[:") {
        const std::size_t close = pattern_.find(":]", i + 2);
        if (close != std::string_view::npos) i = close + 1;
      }
      ++i;
    }
    return std::min(i + 1, pattern_.size()) - at_;
  }

  void read_escape() {
    const char c = peek(1);
    switch (c) {
      case 'w':
      case 'W':
      case 'd':
      case 'D':
      case 's':
      case 'S':
        add(TokenKind::kShorthand, 2);
        return;
      case 'b':
      case 'B':
        add(TokenKind::kWordEdge, 2);
        return;
      case 'A':
      case 'z':
      case 'Z':
      case 'G':
        add(TokenKind::kTextEdge, 2);
        return;
      case 'p':
      case 'P':
        add(TokenKind::kProperty, braced_length(3));
        return;
      case 'n':
        return add_text("\n", 2);
      case 't':
        return add_text("\t", 2);
      case 'r':
        return add_text("\r", 2);
      case 'f':
        return add_text("\f", 2);
      case 'v':
        return add_text("\v", 2);
      case 'a':
        return add_text("\a", 2);
      case 'x':
        return read_hex();
      case 'k':
      case 'g':
        return read_reference();
      case 'Q':
        return read_quoted();
      default:
        break;
    }
    if (is_digit(c) && c != '0') {
      std::size_t length = 2;
      while (is_digit(peek(length))) ++length;
      add(TokenKind::kBack, length);
    } else if (is_punctuation(c)) {
      add_text(std::string(1, c), 2);
    } else {
      add(TokenKind::kOther, 2);
    }
  }

  // \k<name>, \k{name}, \g1, \g{-1}.
  void read_reference() {
    const char open = peek(2);
    const char close = open == '<' ? '>' : open == '{' ? '}' : open == '\'' ? '\'' : '\0';
    const std::size_t end = close == '\0' ? at_ + 2 : pattern_.find(close, at_ + 3);
    if (end < pattern_.size() && (close != '\0' || is_digit(open))) {
      add(TokenKind::kBack, end + 1 - at_);
    } else {
      add(TokenKind::kOther, 2);
    }
  }

  std::size_t braced_length(std::size_t unbraced) const {
    if (peek(2) != '{') return unbraced;
    return std::min(pattern_.find('}', at_), pattern_.size() - 1) + 1 - at_;
  }

  void read_hex() {
    const std::size_t length = braced_length(4);
    std::string_view digits = pattern_.substr(at_, length);
    digits.remove_prefix(std::min<std::size_t>(2, digits.size()));
    if (digits.starts_with('{')) digits = digits.substr(1, digits.size() - 2);
    std::uint32_t point = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
    if (error != std::errc{} || end != digits.data() + digits.size() || point > 0x10FFFF) {
      add(TokenKind::kOther, length);
      return;
    }
    std::string bytes;
    utf8::append_character(bytes, point);
    add_text(std::move(bytes), length);
  }

  // \Q...\E: each character is text. A token's text is what it was written as, and quoted text
  // was not written as a token of its own.
  void read_quoted() {
    const std::size_t close = pattern_.find("\\E", at_ + 2);
    const std::size_t end = std::min(close, pattern_.size());
    for (const Token& token : plain_pattern(pattern_.substr(at_ + 2, end - at_ - 2))) {
      tokens_.push_back(token);
    }
    at_ = close == std::string_view::npos ? end : end + 2;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

namespace {

// Whether a class holds a [ that begins no [:name:].
bool has_bracket(std::string_view text) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text.substr(i, 2) == "[:" && text.find(":]", i + 2) != std::string_view::npos) {
      i = text.find(":]", i + 2) + 1;
    } else if (text[i] == '[') {
      return true;
    }
  }
  return false;
}

// Whether a class holds && between two parts.
bool has_operation(std::string_view text) {
  for (std::size_t i = 2; i + 3 < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text.substr(i, 2) == "&&") {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<Token> read_pattern(std::string_view pattern) {
  return Reader(pattern).read();
}

std::vector<Token> plain_pattern(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    while (i + length < text.size() && utf8::continues(text[i + length])) {
      ++length;
    }
    Token& token = tokens.emplace_back();
    token.kind = TokenKind::kText;
    token.text = text.substr(i, length);
    token.bytes = token.text;
    i += length;
  }
  return tokens;
}

PatternShape shape_of(const std::vector<Token>& tokens) {
  PatternShape shape;
  int depth = 0;
  bool bracketed = false;  // a class with a [ in it came
  for (const Token& token : tokens) {
    switch (token.kind) {
      case TokenKind::kOpen:
      case TokenKind::kLook:
      case TokenKind::kAtomic:
        shape.nesting = std::max(shape.nesting, ++depth);
        break;
      case TokenKind::kClose:
        --depth;
        break;
      case TokenKind::kText:
        shape.line_break = shape.line_break || token.bytes == "\n";
        shape.nested_class = shape.nested_class || (bracketed && token.text == "]");
        break;
      case TokenKind::kLineEnd:
        shape.line_end = true;
        break;
      case TokenKind::kClass:
        shape.class_operation = shape.class_operation || has_operation(token.text);
        bracketed = bracketed || has_bracket(token.text);
        break;
      case TokenKind::kTextEdge:
        shape.text_edge = true;
        break;
      case TokenKind::kOther:
        shape.known = false;
        shape.any_byte = shape.any_byte || token.text == "\\C";
        break;
      default:
        break;
    }
    if (token.kind != TokenKind::kFlags && token.kind != TokenKind::kOpen) continue;
    if (!token.text.starts_with("(?") || token.text.contains('<')) continue;
    const std::string_view off =
        token.text.substr(std::min(token.text.find('-'), token.text.size()));
    const std::string_view on = token.text.substr(0, token.text.size() - off.size());
    shape.folds = shape.folds || on.contains('i');
    shape.text_edge = shape.text_edge || off.contains('m');
  }
  return shape;
}

std::optional<std::string> as_literal(const std::vector<Token>& tokens) {
  std::string text;
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::kText) return std::nullopt;
    text += token.bytes;
  }
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace quarry::search
