#include "server/analysis/manifest/tokens.h"

#include <algorithm>
#include <array>

#include "server/analysis/manifest/text.h"
#include "server/base/newlines.h"

namespace quarry::analysis::manifest {
namespace {

class Scanner {
 public:
  Scanner(std::string_view text, const Syntax& syntax) : text_(text), syntax_(syntax) {
    comments_ = words(syntax.line_comments);
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      const char c = static_cast<char>(i);
      if (is_word(c) || i >= 0x80 || syntax.word_marks.find(c) != std::string_view::npos) {
        kinds_[i] |= kInWord;
      }
      if (syntax.quotes.find(c) != std::string_view::npos) kinds_[i] |= kQuote;
    }
    for (const std::string_view mark : comments_) kinds_[byte(mark.front())] |= kComment;
    if (!syntax.block_open.empty()) kinds_[byte(syntax.block_open.front())] |= kComment;
  }

  std::vector<Token> run() {
    while (at_ < text_.size() && tokens_.size() < kMaxTokens) step();
    add(Token::Kind::kLineEnd, {});
    return std::move(tokens_);
  }

 private:
  // What a byte may be.
  enum Kinds : std::uint8_t { kInWord = 1, kQuote = 2, kComment = 4 };
  static std::size_t byte(char c) { return static_cast<unsigned char>(c); }
  bool is(char c, Kinds kind) const { return (kinds_[byte(c)] & kind) != 0; }

  void step() {
    const char c = text_[at_];
    if (is(c, kComment) && comment()) return;
    if (c == '[' && syntax_.bracket_strings && bracket_string()) return;
    if (c == '\n') {
      if (brackets_ == 0) add(Token::Kind::kLineEnd, {});
      ++line_;
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (is(c, kQuote)) {
      string(c);
    } else if (is(c, kInWord)) {
      word();
    } else {
      // Else the string that it does not begin would run over all lines behind it.
      if (c == '\\' && syntax_.over_lines && at_ + 1 < text_.size() && is(text_[at_ + 1], kQuote)) {
        mark();
      }
      if (c == '(' || c == '[') ++brackets_;
      if ((c == ')' || c == ']') && brackets_ > 0) --brackets_;
      add(Token::Kind::kMark, text_.substr(at_, 1));
      ++at_;
    }
  }

  // Skips one. False: there is none.
  bool comment() {
    const std::string_view rest = text_.substr(at_);
    if (!syntax_.block_open.empty() && rest.starts_with(syntax_.block_open)) {
      skip_to(text_.find(syntax_.block_close, at_ + syntax_.block_open.size()),
              syntax_.block_close.size());
      return true;
    }
    const auto begins = [&](std::string_view mark) { return rest.starts_with(mark); };
    if (!std::ranges::any_of(comments_, begins)) return false;
    at_ = std::min(text_.find('\n', at_), text_.size());
    return true;
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is(text_[at_], kInWord)) {
      const bool may = at_ > begin && is(text_[at_], kComment);
      if (may && starts_comment(text_.substr(at_))) break;
      ++at_;
    }
    add(Token::Kind::kWord, text_.substr(begin, at_ - begin));
  }

  bool starts_comment(std::string_view rest) const {
    return std::ranges::any_of(comments_, [&](std::string_view mark) {
      return mark.size() > 1 && rest.starts_with(mark);
    });
  }

  void string(char quote) {
    if (syntax_.raw_quotes.find(quote) != std::string_view::npos) return raw_string(quote);
    const std::string triple(3, quote);
    if (syntax_.triple && text_.substr(at_).starts_with(triple)) {
      const std::size_t end = std::min(text_.find(triple, at_ + 3), text_.size());
      add(Token::Kind::kString, text_.substr(at_ + 3, end - std::min(end, at_ + 3)));
      skip_to(end, 3);
      return;
    }
    std::size_t& open = open_until_[static_cast<unsigned char>(quote) & 0x7FU];
    if (at_ < open) return mark();
    std::size_t end = at_ + 1;
    const bool over_lines = syntax_.over_lines;
    while (end < text_.size() && text_[end] != quote && (over_lines || text_[end] != '\n')) {
      if (text_[end] == '\\' && end + 1 < text_.size()) ++end;
      ++end;
    }
    end = std::min(end, text_.size());
    // An apostrophe that nothing closes on its line is a mark: Rust's and Scala's lifetimes, prose.
    if (end >= text_.size() || text_[end] != quote) {
      open = end;
      return mark();
    }
    add(Token::Kind::kString, text_.substr(at_ + 1, end - at_ - 1));
    skip_to(end, 1);
  }

  void raw_string(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return mark();
    add(Token::Kind::kString, text_.substr(at_ + 1, end - at_ - 1));
    skip_to(end, 1);
  }

  // False: none begins here.
  bool bracket_string() {
    std::size_t begin = at_ + 1;
    while (begin < text_.size() && text_[begin] == '=') ++begin;
    if (begin >= text_.size() || text_[begin] != '[') return false;
    std::string close(begin - at_ + 1, '=');
    close.front() = close.back() = ']';
    const std::size_t end = text_.find(close, ++begin);
    if (end == std::string_view::npos) return false;
    add(Token::Kind::kString, text_.substr(begin, end - begin));
    skip_to(end, close.size());
    return true;
  }

  void mark() {
    add(Token::Kind::kMark, text_.substr(at_, 1));
    ++at_;
  }

  void skip_to(std::size_t end, std::size_t width) {
    const std::size_t stop =
        end == std::string_view::npos ? text_.size() : std::min(end + width, text_.size());
    line_ += static_cast<std::uint32_t>(count_newlines(text_.substr(at_, stop - at_)));
    at_ = stop;
  }

  void add(Token::Kind kind, std::string_view text) { tokens_.push_back({kind, text, line_}); }

  std::string_view text_;
  const Syntax& syntax_;
  std::vector<std::string_view> comments_;
  std::array<std::uint8_t, 256> kinds_{};
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  // By quote: no string begins before this place, as a walk to its line's end has found.
  std::array<std::size_t, 128> open_until_{};
  std::size_t brackets_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

std::vector<Token> tokens(std::string_view text, const Syntax& syntax) {
  return Scanner(text, syntax).run();
}

std::vector<Statement> statements(const std::vector<Token>& tokens) {
  constexpr std::uint32_t kDeepest = 64;
  std::vector<Statement> found;
  std::vector<std::uint32_t> open;
  std::uint32_t first = 0;
  const auto finish = [&](std::uint32_t last) {
    const auto index = static_cast<std::uint32_t>(found.size());
    found.push_back(
        {open.empty() ? index : open.back(), first, last, static_cast<std::uint32_t>(open.size())});
    return index;
  };
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.is("{") && open.size() < kDeepest) {
      const std::uint32_t index = finish(i);
      open.push_back(index);
      first = i + 1;
    } else if (token.is("}") || token.is(";") || token.kind == Token::Kind::kLineEnd) {
      if (i > first) finish(i);
      if (token.is("}") && !open.empty()) open.pop_back();
      first = i + 1;
    }
  }
  return found;
}

}  // namespace quarry::analysis::manifest
