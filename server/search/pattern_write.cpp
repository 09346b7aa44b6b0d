#include <algorithm>
#include <array>

#include "server/search/class_text.h"

namespace quarry::search {
namespace {

class Writer {
 public:
  Writer(Dialect dialect, bool ignore_case)
      : dialect_(dialect), given_{.dialect = dialect, .folds = ignore_case}, meanings_{given_} {}

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
  // Ends what flags without a group have set.
  void leave_flags() { meanings_.assign(1, given_); }

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
        write_class("[" + std::string(token.text) + "]");
        break;
      case TokenKind::kWordEdge:
        write_word_edge(token.text);
        break;
      case TokenKind::kOpen:
        meanings_.push_back(meanings_.back());
        // RE2 of this age names groups with a P alone.
        if (token.text.starts_with("(?<")) {
          out_ += "(?P";
          out_ += token.text.substr(2);
        } else if (token.text.contains('<')) {
          out_ += token.text;
        } else {
          write_flags(token.text);
        }
        break;
      case TokenKind::kFlags:
        write_flags(token.text);
        break;
      case TokenKind::kLook:
        meanings_.push_back(meanings_.back());
        out_ += token.text;
        break;
      case TokenKind::kAtomic:
        meanings_.push_back(meanings_.back());
        out_ += backtracking ? "(?>" : "(?:";
        break;
      case TokenKind::kClose:
        if (meanings_.size() > 1) meanings_.pop_back();
        out_ += token.text;
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
    const ClassText got = read_class(text, meanings_.back());
    possible_ = possible_ && got.possible;
    const std::string listed = "[" + got.listed + "]";
    if (got.outside.empty()) {
      out_ += (got.negated ? "[^" : "[") + got.listed + "]";
    } else if (!got.negated) {
      std::string all = got.listed.empty() ? "" : "|" + listed;
      for (const std::string& list : got.outside) all += "|[^" + list + "]";
      out_ += "(?:" + all.substr(1) + ")";
    } else if (got.outside.size() == 1 && got.listed.empty()) {
      out_ += "[" + got.outside.front() + "]";
    } else if (dialect_ == Dialect::kBacktracking) {
      out_ += got.listed.empty() ? "(?:" : "(?:(?!" + listed + ")";
      for (std::size_t i = 1; i < got.outside.size(); ++i) out_ += "(?=[" + got.outside[i] + "])";
      out_ += "[" + got.outside.front() + "])";
    } else {
      possible_ = false;
    }
  }

  // (?i: and (?i) without what only some engines have: u.
  void write_flags(std::string_view text) {
    const std::size_t off = std::min(text.find('-'), text.size());
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == 'u') meanings_.back().unicode = i < off;
      if (text[i] == 'i') meanings_.back().folds = i < off;
    }
    out_ += without_unicode_flag(text);
  }

  void write_word_edge(std::string_view text) {
    if (dialect_ == Dialect::kAscii ||
        (dialect_ == Dialect::kUnicode && !meanings_.back().unicode)) {
      out_ += text;
    } else if (dialect_ == Dialect::kUnicode) {
      possible_ = false;
    } else {
      const std::string word = "[" + std::string(word_characters(meanings_.back())) + "]";
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
  ClassMeaning given_;
  std::vector<ClassMeaning> meanings_;  // of each open group
  std::string out_;
  bool possible_ = true;
};

}  // namespace

std::optional<std::string> write_pattern(const std::vector<Token>& tokens, Dialect dialect,
                                         const MatchOptions& match) {
  Writer writer(dialect, match.ignore_case);
  writer.write_raw("(?m)");
  if (match.word) {
    // Beside a match stands no word character; where that cannot be said without what stands there
    // the match is the first group.
    const bool looks = dialect == Dialect::kBacktracking;
    writer.write_raw(looks ? "(?<!" : "(?:^|");
    looks ? writer.write(read_pattern("\\w")) : writer.write_not_word();
    writer.write_raw(looks ? ")(?:" : ")(");
  }
  writer.write(tokens);
  writer.leave_flags();
  if (match.word) {
    const bool looks = dialect == Dialect::kBacktracking;
    writer.write_raw(looks ? ")(?!" : ")(?:$|");
    looks ? writer.write(read_pattern("\\w")) : writer.write_not_word();
    writer.write_raw(")");
  }
  return std::move(writer).text();
}

std::string ascii_class(const Token& token, bool ignore_case) {
  Writer writer(Dialect::kAscii, ignore_case);
  writer.write({token});
  return std::move(writer).text().value_or("");
}

}  // namespace quarry::search
