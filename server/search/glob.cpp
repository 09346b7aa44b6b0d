#include "server/search/glob.h"

#include <algorithm>

namespace quarry::search {
namespace {

constexpr char32_t kBadByte = 0x110000;  // above every character: a byte that is not UTF-8

char32_t lower(char32_t unit) {
  return unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
}
char32_t upper(char32_t unit) {
  return unit >= 'a' && unit <= 'z' ? unit - ('a' - 'A') : unit;
}

std::string_view last_component(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool equal_text(std::string_view a, std::string_view b, bool fold) {
  if (!fold) return a == b;
  return std::ranges::equal(a, b, [](char x, char y) {
    return lower(static_cast<unsigned char>(x)) == lower(static_cast<unsigned char>(y));
  });
}

}  // namespace

Glob::Unit Glob::unit_at(std::string_view text, std::size_t at) const {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80 || !characters_) return {lead, 1};
  const std::size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (want == 0 || lead > 0xF4 || at + want > text.size()) return {kBadByte + lead, 1};
  char32_t value = lead & (0xFFU >> (want + 1));
  for (std::size_t i = 1; i < want; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {kBadByte + lead, 1};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  return {value, want};
}

bool Glob::accepts(const Token& token, char32_t unit) const {
  switch (token.kind) {
    case Token::Kind::kAny:
      return true;
    case Token::Kind::kUnit:
      return fold_ ? lower(token.unit) == lower(unit) : token.unit == unit;
    case Token::Kind::kSet: {
      const Set& set = sets_[token.set];
      const auto holds = [&](char32_t value) {
        return std::ranges::any_of(
            set.ranges, [&](const Set::Range& r) { return r.low <= value && value <= r.high; });
      };
      const bool found = fold_ ? holds(lower(unit)) || holds(upper(unit)) : holds(unit);
      return found != set.negated;
    }
    case Token::Kind::kStar:
      break;
  }
  return false;
}

bool Glob::matches_component(const Segment& segment, std::string_view component) const {
  switch (segment.shape) {
    case Shape::kText:
      return equal_text(component, segment.text, fold_);
    case Shape::kSuffix:
      return component.size() >= segment.text.size() &&
             equal_text(component.substr(component.size() - segment.text.size()), segment.text,
                        fold_);
    case Shape::kAnything:
    case Shape::kComponents:
      return true;
    case Shape::kGeneral:
      // Tells most names apart. Letters that stand for two are not compared as bytes.
      if (!fold_ && (component.size() < segment.head.size() + segment.tail.size() ||
                     !component.starts_with(segment.head) || !component.ends_with(segment.tail))) {
        return false;
      }
      break;
  }
  const std::vector<Token>& tokens = segment.tokens;
  std::size_t at = 0;
  std::size_t token = 0;
  std::size_t after_star = std::string_view::npos;  // the token behind the last star seen
  std::size_t star_end = 0;                         // where that star's text ends for now
  while (at < component.size()) {
    if (token < tokens.size()) {
      if (tokens[token].kind == Token::Kind::kStar) {
        after_star = ++token;
        star_end = at;
        continue;
      }
      const Unit unit = unit_at(component, at);
      if (accepts(tokens[token], unit.value)) {
        ++token;
        at += unit.length;
        continue;
      }
    }
    if (after_star == std::string_view::npos) return false;
    star_end += unit_at(component, star_end).length;
    at = star_end;
    token = after_star;
  }
  while (token < tokens.size() && tokens[token].kind == Token::Kind::kStar) ++token;
  return token == tokens.size();
}

bool Glob::matches_path(const Alternative& alternative, std::string_view path) const {
  const auto end_of = [&](std::size_t at) { return std::min(path.find('/', at), path.size()); };
  std::size_t at = 0;  // start of a component; past path.size() at the end
  std::size_t segment = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t star_end = 0;
  while (at <= path.size()) {
    const std::size_t end = end_of(at);
    if (segment < alternative.size()) {
      if (alternative[segment].shape == Shape::kComponents) {
        if (segment + 1 == alternative.size()) return true;
        after_star = ++segment;
        star_end = at;
        continue;
      }
      if (matches_component(alternative[segment], path.substr(at, end - at))) {
        ++segment;
        at = end + 1;
        continue;
      }
    }
    if (after_star == std::string_view::npos) return false;
    star_end = end_of(star_end) + 1;
    at = star_end;
    segment = after_star;
  }
  return segment == alternative.size();
}

bool Glob::matches(std::string_view path) const {
  return std::ranges::any_of(alternatives_,
                             [&](const Alternative& one) { return matches_path(one, path); });
}

bool Glob::matches_name_or_path(std::string_view path) const {
  return std::ranges::any_of(alternatives_, [&](const Alternative& one) {
    return one.size() == 1 ? matches_component(one.front(), last_component(path))
                           : matches_path(one, path);
  });
}

bool Glob::by_name() const {
  return std::ranges::all_of(alternatives_, [](const Alternative& one) {
    return one.size() == 1 || (one.size() == 2 && one.front().shape == Shape::kComponents &&
                               one.back().shape != Shape::kComponents);
  });
}

bool Glob::matches_name(std::string_view name) const {
  return std::ranges::any_of(
      alternatives_, [&](const Alternative& one) { return matches_component(one.back(), name); });
}

bool Glob::has_slash() const {
  return std::ranges::any_of(alternatives_, [](const Alternative& one) { return one.size() > 1; });
}

}  // namespace quarry::search
