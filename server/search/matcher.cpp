#include "server/search/matcher.h"

#include <cstring>

#include <re2/re2.h>

#include "server/base/utf8.h"
#include "server/search/literal.h"

namespace quarry::search {
namespace {

using re2::RE2;

// A character that is not part of a word: Unicode's letters, marks, digits and connectors are.
constexpr std::string_view kNotWord = R"([^\pL\pM\p{Nd}\p{Pc}])";

// The library's own words for what is wrong, and its quotation of the place.
std::string reason(const RE2& regex) {
  return std::string(utf8::clip(regex.error(), 200));
}

RE2::Options regex_options(const MatchOptions& options) {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(Matcher::kMaxProgramBytes);
  out.set_never_nl(!options.multiline);
  out.set_dot_nl(options.multiline);
  out.set_case_sensitive(!options.ignore_case);
  return out;
}

// An error for what cannot be searched at all; nothing when plain text is worth a try.
Result<void> refuse(const RE2& regex) {
  const std::string& what = regex.error_arg();
  switch (regex.error_code()) {
    case RE2::ErrorRepeatSize:
    case RE2::ErrorPatternTooLarge:
    case RE2::ErrorBadUTF8:
      return fail(Code::kInvalidArgs, "pattern refused: {}; use a smaller one", reason(regex));
    case RE2::ErrorBadPerlOp:
      return fail(Code::kInvalidArgs,
                  "pattern uses '{}', which is not supported (no look-around); search for less and "
                  "filter, or set fixed=true for plain text",
                  utf8::clip(what, 20));
    case RE2::ErrorBadEscape:
      if (what.size() > 1 && what[1] >= '1' && what[1] <= '9') {
        return fail(Code::kInvalidArgs,
                    "pattern uses the back-reference '{}', which is not supported; set fixed=true "
                    "for plain text",
                    utf8::clip(what, 20));
      }
      return {};
    default:
      return {};
  }
}

Result<void> check_shape(std::string_view pattern, const MatchOptions& options) {
  PatternShape shape;
  if (options.fixed) {
    shape.line_break = pattern.contains('\n');
  } else {
    shape = shape_of(pattern);
  }
  if (shape.nesting > Matcher::kMaxNesting) {
    return fail(Code::kInvalidArgs, "pattern nests groups {} deep; the limit is {}", shape.nesting,
                Matcher::kMaxNesting);
  }
  if (shape.any_byte) {
    return fail(Code::kInvalidArgs,
                "pattern uses \\C (any byte), which is not supported; use . for any character");
  }
  if (shape.line_break && !options.multiline) {
    return fail(Code::kInvalidArgs,
                "pattern asks for a line break, which no single line holds; set multiline=true");
  }
  return {};
}

}  // namespace

Matcher::Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Result<Matcher> Matcher::compile(std::string_view pattern, const MatchOptions& options) {
  if (pattern.size() > kMaxPatternBytes) {
    return fail(Code::kInvalidArgs, "pattern of {} bytes is longer than {}", pattern.size(),
                kMaxPatternBytes);
  }
  if (pattern.contains('\0')) {
    return fail(Code::kInvalidArgs, "pattern contains a NUL, which no text file holds");
  }
  TRY(check_shape(pattern, options));
  Matcher matcher;
  matcher.multiline_ = options.multiline;
  bool fixed = options.fixed;
  const RE2::Options settings = regex_options(options);
  if (!fixed && !as_literal(pattern)) {
    // Alone, before anything is put around it that could close its brackets.
    auto alone = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), settings);
    if (!alone->ok()) {
      TRY(refuse(*alone));
      fixed = true;
      std::string shown;
      utf8::append_repaired(shown, reason(*alone));
      matcher.note_ = fmt::format("not a valid regex ({}); searched as plain text", shown);
    }
  }
  const auto literal = fixed ? std::optional<std::string>(pattern) : as_literal(pattern);
  if (literal && !options.ignore_case) {
    matcher.needle_ = *literal;
    if (!options.word && !literal->empty()) return matcher;
  } else if (!literal && !options.ignore_case) {
    matcher.needle_ = required_literal(pattern);
    const PatternShape shape = shape_of(pattern);
    matcher.folds_line_ends_ = shape.line_end && !pattern.contains("\\r");
  } else if (!literal) {
    matcher.folds_line_ends_ = shape_of(pattern).line_end && !pattern.contains("\\r");
  }
  const std::string body = literal ? RE2::QuoteMeta(*literal) : std::string(pattern);
  const std::string whole =
      options.word ? fmt::format("(?m)(?:^|{})(?:{})(?:$|{})", kNotWord, body, kNotWord)
                   : "(?m)" + body;
  matcher.regex_ = std::make_unique<RE2>(whole, settings);
  if (!matcher.regex_->ok()) {
    return fail(Code::kInvalidArgs, "pattern refused: {}; use a smaller one",
                reason(*matcher.regex_));
  }
  return matcher;
}

std::optional<Span> Matcher::find_regex(std::string_view text, std::size_t from,
                                        std::size_t to) const {
  re2::StringPiece found;
  if (!regex_->Match(re2::StringPiece(text.data(), text.size()), from, to, RE2::UNANCHORED, &found,
                     1)) {
    return std::nullopt;
  }
  const auto begin = static_cast<std::size_t>(found.data() - text.data());
  return Span{begin, begin + found.size()};
}

std::optional<Span> Matcher::find(std::string_view text, std::size_t from, std::size_t to) const {
  if (needle_.empty()) return find_regex(text, from, to);
  while (from < to) {
    const void* hit = memmem(text.data() + from, to - from, needle_.data(), needle_.size());
    if (hit == nullptr) return std::nullopt;
    const auto begin = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    if (regex_ == nullptr) return Span{begin, begin + needle_.size()};
    if (multiline_) return find_regex(text, from, to);
    const std::size_t before = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
    const std::size_t line = before == std::string_view::npos || before < from ? from : before + 1;
    const std::size_t end = std::min(text.find('\n', begin), to);
    if (const auto match = find_regex(text, line, end)) return match;
    from = end + 1;
  }
  return std::nullopt;
}

}  // namespace quarry::search
