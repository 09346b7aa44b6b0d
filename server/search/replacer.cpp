#include "server/search/replacer.h"

#include <re2/re2.h>

#include "server/base/utf8.h"
#include "server/search/engines.h"

namespace quarry::search {
namespace {

using re2::RE2;

constexpr std::size_t kPlaceBytes = 64;  // that a place takes beside its text

std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && utf8::continues(text[at])) ++at;
  return at;
}

std::string clipped(std::string_view text) {
  std::string shown;
  utf8::append_repaired(shown, utf8::clip(text, 200));
  return shown;
}

}  // namespace

// What the groups of a match hold: RE2 is asked again, from where the match begins.
struct Replacer::Groups {
  std::unique_ptr<RE2> ascii;
  std::unique_ptr<RE2> unicode;  // null: it cannot say the pattern for all lines
  int count = 0;

  bool find(std::string_view text, Span match, Span within,
            std::vector<std::string_view>& found) const {
    const bool is_ascii = find_non_ascii(text, within.begin, within.end) == within.end;
    const RE2& regex = is_ascii || unicode == nullptr ? *ascii : *unicode;
    std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(count) + 1);
    if (!regex.Match(re2::StringPiece(text.data(), text.size()), match.begin, within.end,
                     RE2::ANCHOR_START, pieces.data(), count + 1)) {
      return false;
    }
    if (pieces[0].size() != match.end - match.begin) return false;
    found.clear();
    for (const re2::StringPiece& piece : pieces) found.emplace_back(piece.data(), piece.size());
    return true;
  }
};

// One text on its way.
class Replacer::Run {
 public:
  Run(const Replacer& replacer, std::string_view text, std::size_t& budget, MatchScratch& scratch)
      : replacer_(replacer), text_(text), budget_(budget), scratch_(scratch) {}

  Result<void> all() {
    if (replacer_.matcher_->multiline()) {
      TRY(within({0, text_.size()}));
    } else {
      for (std::size_t from = 0; from < text_.size();) {
        const auto line = replacer_.matcher_->find_line(text_, from, text_.size(), scratch_);
        if (!line) break;
        TRY(within(*line));
        from = line->end + 1;
      }
    }
    if (!scratch_.stopped && scratch_.over_limit + scratch_.in_pieces == 0) return {};
    return fail(Code::kUnavailable,
                "the pattern takes too long on a line; use a simpler one, or narrow path or glob");
  }
  std::vector<ReplacedPlace> places() { return std::move(places_); }

 private:
  Result<void> within(Span range) {
    std::optional<std::size_t> last;  // where the match before ended
    for (std::size_t at = range.begin; at <= range.end;) {
      const auto match = replacer_.matcher_->find(text_, at, range.end, scratch_);
      if (!match) break;
      if (match->begin == match->end && last == match->begin) {
        at = next_character(text_, at);
        continue;
      }
      TRY(add(*match, range));
      last = match->end;
      at = match->end > match->begin ? match->end : next_character(text_, match->end);
    }
    return {};
  }

  Result<void> add(Span match, Span range) {
    groups_.assign(1, text_.substr(match.begin, match.end - match.begin));
    if (replacer_.groups_ != nullptr && !replacer_.groups_->find(text_, match, range, groups_)) {
      return fail(Code::kInvalidArgs,
                  "what the groups of the pattern hold cannot be told for '{}'; use a pattern "
                  "without \\b, or a replacement without groups",
                  clipped(groups_[0]));
    }
    ReplacedPlace place{.begin = match.begin, .end = match.end, .with = {}};
    if (budget_ < kPlaceBytes ||
        !replacer_.template_.append(place.with, groups_, budget_ - kPlaceBytes)) {
      return fail(Code::kTooLarge,
                  "the replacements would take more than a change may; narrow path or glob, or "
                  "replace with less");
    }
    budget_ -= kPlaceBytes + place.with.size();
    places_.push_back(std::move(place));
    return {};
  }

  const Replacer& replacer_;
  std::string_view text_;
  std::size_t& budget_;
  MatchScratch& scratch_;
  std::vector<std::string_view> groups_;
  std::vector<ReplacedPlace> places_;
};

Replacer::Replacer(std::shared_ptr<const Matcher> matcher, ReplacementTemplate with,
                   std::unique_ptr<const Groups> groups)
    : matcher_(std::move(matcher)), template_(std::move(with)), groups_(std::move(groups)) {}
Replacer::~Replacer() = default;

Result<std::unique_ptr<const Replacer>> Replacer::compile(std::string_view pattern,
                                                          std::string_view replacement,
                                                          bool regex) {
  if (pattern.empty()) return fail(Code::kInvalidArgs, "argument 'pattern' is empty");
  MatchOptions options{.fixed = !regex};
  std::string text(pattern);
  std::vector<Token> tokens = regex ? read_pattern(text) : std::vector<Token>();
  options.multiline = regex ? shape_of(tokens).line_break : text.contains('\n');
  if (!regex) {
    TRY_ASSIGN(auto matcher, Matcher::compile(text, options));
    return std::unique_ptr<const Replacer>(
        new Replacer(std::move(matcher), ReplacementTemplate(replacement), nullptr));
  }
  if (options.multiline) text.insert(0, "(?-s)");
  tokens = read_pattern(text);
  const RE2 alone(with_plain_properties(text), regex_options(options));
  if (!alone.ok()) {
    return fail(Code::kInvalidArgs,
                "argument 'pattern' is not valid in RE2's syntax ({}); for plain text leave regex "
                "out",
                clipped(alone.error()));
  }
  TRY_ASSIGN(auto matcher, Matcher::compile(text, options));
  TRY_ASSIGN(ReplacementTemplate with,
             ReplacementTemplate::parse(replacement, alone.NumberOfCapturingGroups(),
                                        alone.NamedCapturingGroups()));
  std::unique_ptr<Groups> groups;
  if (with.asks_for_groups()) {
    groups = std::make_unique<Groups>();
    groups->count = alone.NumberOfCapturingGroups();
    groups->ascii = make_regex(tokens, Dialect::kAscii, options);
    groups->unicode = make_regex(tokens, Dialect::kUnicode, options);
    if (groups->unicode != nullptr && !groups->unicode->ok()) groups->unicode = nullptr;
  }
  return std::unique_ptr<const Replacer>(
      new Replacer(std::move(matcher), std::move(with), std::move(groups)));
}

Result<std::vector<ReplacedPlace>> Replacer::replace(std::string_view text, std::size_t& budget,
                                                     MatchScratch& scratch) const {
  scratch.start_text();
  Run run(*this, text, budget, scratch);
  TRY(run.all());
  return run.places();
}

}  // namespace quarry::search
