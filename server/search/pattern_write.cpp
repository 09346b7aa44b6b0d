#include <algorithm>
#include <array>

#include "server/search/pattern.h"

namespace quarry::search {
namespace {

// What is in \w, \d, \s and in their opposites, as it is written inside of brackets. An empty
// opposite cannot be written so.
struct Shorthands {
  std::string_view word, digit, space;
  std::string_view not_word, not_digit, not_space;
};

constexpr Shorthands kAsciiShorthands = {
    .word = "0-9A-Za-z_",
    .digit = "0-9",
    .space = "\\t-\\r ",
    // Without the two characters that fold to ASCII letters: where case does not matter they would
    // bring those in.
    .not_word = "\\x00-/:-@\\[-\\^`\\{-\\x{17e}\\x{180}-\\x{2129}\\x{212b}-\\x{10ffff}",
    .not_digit = "\\x00-/:-\\x{10ffff}",
    .not_space = "\\x00-\\x08\\x0e-\\x1f!-\\x{10ffff}",
};

// As Unicode's UTS 18 has them, annex C: \w is Alphabetic, M, Nd, Pc and Join_Control, where
// Alphabetic is L, Nl and a few that are written out; \s is White_Space.
constexpr Shorthands kUnicodeShorthands = {
    .word =
        "\\pL\\pM\\p{Nl}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}"
        "\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}",
    .digit = "\\p{Nd}",
    .space =
        "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
        "\\x{205f}\\x{3000}",
    .not_word = "",
    .not_digit = "\\P{Nd}",
    .not_space =
        "\\x00-\\x08\\x0e-\\x1f!-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}"
        "\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}"
        "\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}",
};

std::string_view shorthand(const Shorthands& set, char letter) {
  switch (letter) {
    case 'w':
      return set.word;
    case 'W':
      return set.not_word;
    case 'd':
      return set.digit;
    case 'D':
      return set.not_digit;
    case 's':
      return set.space;
    default:
      return set.not_space;
  }
}

// A class with its shorthands written out.
struct ClassText {
  bool negated = false;
  std::string listed;     // what stands inside the brackets
  bool not_word = false;  // and every character that is not in \w
};

// \p{Lu} and the like for letters of any case.
std::string_view without_case(std::string_view property) {
  const bool cased =
      property.ends_with("{Lu}") || property.ends_with("{Ll}") || property.ends_with("{Lt}");
  if (!cased) return property;
  return property.starts_with("\\P") ? "\\P{L&}" : "\\p{L&}";
}

struct NamedClass {
  std::string_view name, ranges;
};
constexpr auto kNamedClasses = std::to_array<NamedClass>({
    {"[:alnum:]", "0-9A-Za-z"},
    {"[:alpha:]", "A-Za-z"},
    {"[:lower:]", "a-z"},
    {"[:upper:]", "A-Z"},
    {"[:word:]", "0-9A-Za-z_"},
    {"[:xdigit:]", "0-9A-Fa-f"},
});

// With `any_case` in words of PCRE2 that respect that.
ClassText read_class(std::string_view text, const Shorthands& set, bool any_case) {
  ClassText out;
  text.remove_prefix(1);
  if (text.ends_with(']')) text.remove_suffix(1);
  if (text.starts_with('^')) {
    out.negated = true;
    text.remove_prefix(1);
  }
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "[:") {
      const std::size_t close = text.find(":]", i + 2);
      const std::size_t end = close == std::string_view::npos ? i + 2 : close + 2;
      const std::string_view name = text.substr(i, end - i);
      const auto* const named = std::ranges::find(kNamedClasses, name, &NamedClass::name);
      out.listed += any_case && named != kNamedClasses.end() ? named->ranges : name;
      i = end;
    } else if (text[i] == '[') {
      out.listed += "\\[";  // PCRE2 takes [. and [= for more than a bracket
      ++i;
    } else if (text[i] != '\\' || i + 1 == text.size()) {
      out.listed.push_back(text[i++]);
    } else if (std::string_view("wWdDsS").contains(text[i + 1])) {
      const std::string_view written = shorthand(set, text[i + 1]);
      out.listed += written;
      out.not_word = out.not_word || written.empty();
      i += 2;
    } else if (any_case && (text[i + 1] == 'p' || text[i + 1] == 'P')) {
      const std::size_t close = text.substr(i + 2).starts_with('{') ? text.find('}', i) : i + 2;
      const std::string_view property = text.substr(i, std::min(close, text.size() - 1) + 1 - i);
      out.listed += without_case(property);
      i += property.size();
    } else {
      out.listed += text.substr(i, 2);
      i += 2;
    }
  }
  return out;
}

class Writer {
 public:
  Writer(Dialect dialect, bool ignore_case)
      : dialect_(dialect),
        // Where it does not matter, PCRE2 goes on to tell the cases of these.
        any_case_(dialect == Dialect::kBacktracking && ignore_case),
        set_(dialect == Dialect::kAscii ? kAsciiShorthands : kUnicodeShorthands) {}

  void write(const std::vector<Token>& tokens) {
    int skipping = 0;  // depth inside a group that is left out
    for (const Token& token : tokens) {
      if (skipping > 0) {
        skipping += opens(token.kind) ? 1 : 0;
        skipping -= token.kind == TokenKind::kClose ? 1 : 0;
      } else if (dialect_ != Dialect::kBacktracking && token.kind == TokenKind::kLook) {
        out_ += "(?:)";
        skipping = 1;
      } else {
        write_one(token);
      }
    }
  }
  void write_not_word() { write_class("[^\\w]"); }
  void write_raw(std::string_view text) { out_ += text; }

  std::optional<std::string> text() && {
    if (!possible_) return std::nullopt;
    return std::move(out_);
  }

 private:
  static bool opens(TokenKind kind) {
    return kind == TokenKind::kOpen || kind == TokenKind::kLook || kind == TokenKind::kAtomic;
  }

  void write_one(const Token& token) {
    const bool backtracking = dialect_ == Dialect::kBacktracking;
    switch (token.kind) {
      case TokenKind::kText:
        write_text(token.bytes);
        break;
      case TokenKind::kClass:
        write_class(token.text);
        break;
      case TokenKind::kShorthand:
        write_class(std::array<char, 4>{'[', '\\', token.text[1], ']'});
        break;
      case TokenKind::kProperty:
        out_ += any_case_ ? without_case(token.text) : token.text;
        break;
      case TokenKind::kWordEdge:
        write_word_edge(token.text);
        break;
      case TokenKind::kOpen:
        // RE2 of this age names groups with a P alone.
        if (token.text.starts_with("(?<")) {
          out_ += "(?P";
          out_ += token.text.substr(2);
        } else {
          out_ += token.text;
        }
        break;
      case TokenKind::kAtomic:
        out_ += backtracking ? "(?>" : "(?:";
        break;
      case TokenKind::kBack:
        out_ += backtracking ? token.text : "[^\\n]*";
        break;
      case TokenKind::kRepeat: {
        const bool possessive = token.text.size() > 1 && token.text.ends_with('+');
        out_ +=
            !backtracking && possessive ? token.text.substr(0, token.text.size() - 1) : token.text;
        break;
      }
      default:
        out_ += token.text;
        break;
    }
  }

  void write_class(const std::array<char, 4>& text) {
    write_class(std::string_view(text.data(), text.size()));
  }

  void write_class(std::string_view text) {
    const ClassText got = read_class(text, set_, any_case_);
    const std::string not_word = "[^" + std::string(set_.word) + "]";
    if (!got.not_word) {
      out_ += (got.negated ? "[^" : "[") + got.listed + "]";
    } else if (got.negated && got.listed.empty()) {
      out_ += "[" + std::string(set_.word) + "]";
    } else if (!got.negated) {
      out_ += got.listed.empty() ? not_word : "(?:[" + got.listed + "]|" + not_word + ")";
    } else if (dialect_ == Dialect::kBacktracking) {
      out_ += "(?:(?![" + got.listed + "])[" + std::string(set_.word) + "])";
    } else {
      possible_ = false;
    }
  }

  void write_word_edge(std::string_view text) {
    if (dialect_ == Dialect::kAscii) {
      out_ += text;
    } else if (dialect_ == Dialect::kUnicode) {
      possible_ = false;
    } else {
      const std::string word = "[" + std::string(set_.word) + "]";
      const bool edge = text == "\\b";
      out_ += "(?:(?<=" + word + ")" + (edge ? "(?!" : "(?=") + word + ")|(?<!" + word + ")" +
              (edge ? "(?=" : "(?!") + word + "))";
    }
  }

  // As a hexadecimal escape unless it is plainly a letter, a digit or no ASCII.
  void write_text(std::string_view character) {
    const char c = character.front();
    const bool plain = character.size() > 1 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z') || c == '_' || static_cast<signed char>(c) < 0;
    if (plain) {
      out_ += character;
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out_ += "\\x";
      out_.push_back(kDigits[static_cast<unsigned char>(c) >> 4U]);
      out_.push_back(kDigits[static_cast<unsigned char>(c) & 15U]);
    }
  }

  Dialect dialect_;
  bool any_case_;
  const Shorthands& set_;
  std::string out_;
  bool possible_ = true;
};

}  // namespace

std::optional<std::string> write_pattern(const std::vector<Token>& tokens, Dialect dialect,
                                         const MatchOptions& match) {
  Writer writer(dialect, match.ignore_case);
  writer.write_raw("(?m)");
  if (match.word) {
    // Beside a match stands no word character; it is not part of it where that can be said.
    const bool looks = dialect == Dialect::kBacktracking;
    writer.write_raw(looks ? "(?<!" : "(?:^|");
    looks ? writer.write(read_pattern("\\w")) : writer.write_not_word();
    writer.write_raw(")(?:");
  }
  writer.write(tokens);
  if (match.word) {
    const bool looks = dialect == Dialect::kBacktracking;
    writer.write_raw(looks ? ")(?!" : ")(?:$|");
    looks ? writer.write(read_pattern("\\w")) : writer.write_not_word();
    writer.write_raw(")");
  }
  return std::move(writer).text();
}

std::string ascii_class(const Token& token) {
  Writer writer(Dialect::kAscii, false);
  writer.write({token});
  return std::move(writer).text().value_or("");
}

}  // namespace quarry::search
