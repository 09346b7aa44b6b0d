#include "server/search/matcher.h"

#include <re2/re2.h>

#include "server/base/format.h"
#include "server/base/utf8.h"
#include "server/search/engines.h"
#include "server/search/pattern_measure.h"
#include "server/search/regex_run.h"

namespace quarry::search {
namespace {

using re2::RE2;
using Verdict = Backtracking::Verdict;

constexpr std::size_t kNone = std::string_view::npos;

std::string shown_error(std::string_view text) {
  std::string shown;
  utf8::append_repaired(shown, utf8::clip(text, 200));
  return shown;
}

Failure too_large(std::string_view why) {
  return fail(Code::kInvalidArgs, "pattern refused: {}; use a smaller one", shown_error(why));
}

// What no other engine should be tried with either.
bool refused(const RE2& regex) {
  return regex.error_code() == RE2::ErrorRepeatSize ||
         regex.error_code() == RE2::ErrorPatternTooLarge || regex.error_code() == RE2::ErrorBadUTF8;
}

// Whether the pattern asks for something that RE2 does not have, and so may be PCRE2's.
bool asks_for_more(const std::vector<Token>& tokens) {
  for (const Token& token : tokens) {
    switch (token.kind) {
      case TokenKind::kLook:
      case TokenKind::kAtomic:
      case TokenKind::kBack:
      case TokenKind::kTextEdge:
        return true;
      case TokenKind::kOther:
        if (token.text.size() > 1) return true;
        break;
      case TokenKind::kRepeat:
        if (token.text.size() > 1 && token.text.ends_with('+')) return true;
        break;
      default:
        break;
    }
  }
  return false;
}

Result<void> check_shape(const PatternShape& shape, const MatchOptions& options) {
  if (shape.class_operation) {
    return fail(
        Code::kInvalidArgs,
        "pattern uses && within [ ], which is not supported: [a-z&&[^aeiou]] can be written "
        "(?=[a-z])[^aeiou]; for the character write \\&");
  }
  if (shape.nested_class) {
    return fail(Code::kInvalidArgs,
                "pattern has a [ within [ ] and a ] behind it, which some read as a class within a "
                "class and others do not: write [a-cx] for both together, \\[ and \\] for the "
                "characters");
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

// text[from, to), a part of a line, with what is in sight of it.
Span line_in_sight(std::string_view text, std::size_t from, std::size_t to) {
  std::size_t begin = utf8::character_begin(text, from - std::min(from, kSightBytes));
  const std::size_t before = text.substr(begin, from - begin).rfind('\n');
  if (before != kNone) begin += before + 1;
  const std::size_t most = utf8::character_begin(text, std::min(to + kSightBytes, text.size()));
  const std::size_t after = text.substr(0, most).find('\n', to);
  return {begin, std::min(after, most)};
}

}  // namespace

Matcher::Matcher(std::unique_ptr<Engines> engines) : engines_(std::move(engines)) {}
Matcher::~Matcher() = default;

bool Matcher::multiline() const {
  return engines_->options.multiline;
}
bool Matcher::plain() const {
  return engines_->plain &&
         find_non_ascii(engines_->needle.text(), 0, engines_->needle.text().size()) ==
             engines_->needle.text().size();
}
bool Matcher::asks_for_returns() const {
  return engines_->asks_for_returns;
}

bool Matcher::folds_line_ends() const {
  return engines_->folds_line_ends;
}
const Required& Matcher::required() const {
  return engines_->required;
}
const std::string& Matcher::note() const {
  return engines_->note;
}
bool Matcher::fell_to_ascii() const {
  return engines_->fell_to_ascii;
}

Result<std::shared_ptr<const Matcher>> Matcher::compile(std::string_view pattern,
                                                        const MatchOptions& options) {
  if (pattern.size() > kMaxPatternBytes) {
    return fail(Code::kInvalidArgs, "pattern of {} bytes is longer than {}", pattern.size(),
                kMaxPatternBytes);
  }
  if (pattern.contains('\0')) {
    return fail(Code::kInvalidArgs, "pattern contains a NUL, which no text file holds");
  }
  auto made = std::make_unique<Engines>();
  Engines& engines = *made;
  engines.pattern = options.fixed ? std::string(pattern) : with_code_points(pattern);
  engines.options = options;
  const bool by_line = !options.fixed && !options.multiline;
  if (by_line) engines.pattern = with_line_edges(engines.pattern);
  engines.tokens = options.fixed ? plain_pattern(engines.pattern) : read_pattern(engines.pattern);
  PatternShape shape = shape_of(engines.tokens);
  TRY(check_shape(shape, options));
  const auto plain_after_all = [&](std::string_view why) {
    engines.tokens = plain_pattern(engines.pattern);
    shape = shape_of(engines.tokens);
    engines.note = fmt::format("not a valid regex ({}); searched as plain text", shown_error(why));
  };
  if (!options.fixed && !as_literal(engines.tokens)) {
    // Alone, before anything is put around it that could close its brackets.
    const RE2 alone(with_plain_properties(engines.pattern), regex_options(options));
    if (!alone.ok()) {
      if (refused(alone)) return too_large(alone.error());
      const bool more = asks_for_more(engines.tokens);
      const auto named = more ? nullptr : make_regex(engines.tokens, Dialect::kAscii, {});
      if (more) {
        auto exact = Backtracking::compile(
            backtracking_text(engines.pattern, engines.tokens, options), options);
        if (exact) {
          engines.exact = std::move(*exact);
        } else if (exact.error().code == Code::kTooLarge) {
          return too_large(exact.error().message);
        } else {
          plain_after_all(exact.error().message);
        }
      } else if (!named->ok() || !pattern.contains("(?<")) {
        plain_after_all(alone.error());
      }
    }
  }
  const auto literal = as_literal(engines.tokens);
  engines.required = required_of(engines.tokens, options.ignore_case);
  engines.longest = measure_pattern(engines.tokens).longest;
  if (options.word && engines.longest != kAnyLength) engines.longest += 8;  // what is beside it
  engines.asks_for_returns = pattern.contains('\r') || (!options.fixed && pattern.contains("\\r"));
  engines.folds_line_ends = (shape.line_end || shape.line_break) && !engines.asks_for_returns;
  if (literal && !options.ignore_case) {
    engines.needle = LiteralFinder(*literal);
    engines.plain = !options.word;
  } else {
    engines.needle = LiteralFinder(engines.required.longest(), engines.required.fold);
  }
  if (!engines.plain && (engines.exact == nullptr || shape.known)) {
    engines.ascii = make_regex(engines.tokens, Dialect::kAscii, options);
    if (!engines.ascii->ok()) {
      if (engines.exact == nullptr) return too_large(engines.ascii->error());
      engines.ascii = nullptr;
    }
  }
  return std::shared_ptr<const Matcher>(new Matcher(std::move(made)));
}

void Matcher::expect(std::size_t bytes) const {
  engines_->expect(bytes);
}

std::optional<Span> Matcher::find_line(std::string_view text, std::size_t from, std::size_t to,
                                       MatchScratch& scratch) const {
  Engines& engines = *engines_;
  if (engines.plain) {
    const std::size_t at = engines.needle.find(text, from, to);
    if (at == kNone) return std::nullopt;
    return line_around(text, at, from, to);
  }
  while (from < to && !scratch.stopped) {
    Span line{};
    bool sure = false;
    if (engines.needle_pays(scratch)) {
      const std::size_t at = engines.needle.find(text, from, to);
      scratch.needle_bytes += std::min(at, to) - from;
      if (at == kNone) return std::nullopt;
      ++scratch.needle_lines;
      line = line_around(text, at, from, to);
    } else {
      Engines::know(text, from, to, scratch);
      const std::size_t end = std::min(to, scratch.known_to);
      const auto found = engines.in_run(text, from, end, scratch.known_ascii, scratch, sure);
      if (!found) {
        from = end;
        continue;
      }
      line = *found;
    }
    if (sure || engines.line_matches(text, line, scratch)) return line;
    from = line.end + 1;
  }
  return std::nullopt;
}

std::optional<Span> Matcher::find(std::string_view text, std::size_t from, std::size_t to,
                                  MatchScratch& scratch) const {
  Engines& engines = *engines_;
  if (!engines.needle.empty()) {
    const std::size_t at = engines.needle.find(text, from, to);
    if (at == kNone) return std::nullopt;
    if (engines.plain) return Span{at, at + engines.needle.text().size()};
  }
  // Whether a word begins or ends here is for what stands beside it to say, too.
  const bool is_ascii = Engines::is_ascii(text, from, to, scratch) &&
                        (from == 0 || static_cast<signed char>(text[from - 1]) >= 0) &&
                        (to == text.size() || static_cast<signed char>(text[to]) >= 0);
  if (is_ascii && engines.options.multiline && (from == 0 || text[from - 1] == '\n')) {
    const FastProgram* const program = engines.fast.load();
    if (program != nullptr && !program->find(text.substr(from, to - from), scratch.fast)) {
      return std::nullopt;
    }
  }
  const Backtracking* engine = engines.exact.get();
  if (engine == nullptr && !is_ascii) {
    engines.make_unicode();
    if (engines.unicode != nullptr)
      return regex_match({*engines.unicode, engines.longest, engines.options.word}, text, from, to,
                         scratch);
    engine = engines.unicode_exact.get();
  }
  if (engine == nullptr) {
    const std::size_t longest = is_ascii ? engines.longest_ascii() : engines.longest;
    return regex_match({*engines.ascii, longest, engines.options.word}, text, from, to, scratch);
  }
  // Within a line, what lies near on either side is in sight: ^, $, \b and look-around need it.
  const auto [begin, end] =
      engines.options.multiline ? Span{0, text.size()} : line_in_sight(text, from, to);
  Span found{};
  const Verdict verdict = engine->find(text.substr(begin, end - begin), from - begin, found,
                                       scratch.backtrack, scratch.stop);
  scratch.over_limit += verdict == Verdict::kOverLimit ? 1 : 0;
  scratch.stopped = scratch.stopped || verdict == Verdict::kStopped;
  if (verdict != Verdict::kFound || begin + found.begin > to) return std::nullopt;
  return Span{begin + found.begin, std::min(begin + found.end, to)};
}

}  // namespace quarry::search
