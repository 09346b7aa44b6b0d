#include <algorithm>
#include <array>
#include <optional>

#include "server/search/glob.h"

namespace quarry::search {
namespace {

constexpr std::size_t kMaxExpandedBytes = 64 * 1024;

// Index behind the class that starts at `at` (a '['), or npos when it is not closed.
std::size_t class_end(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) ++i;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return i + 1;
    if (pattern[i] == '\\') {
      i += 2;
    } else if (pattern.substr(i, 2) == "[:") {
      const std::size_t close = pattern.find(']', i + 2);
      if (close == std::string_view::npos) return close;
      i = pattern[close - 1] == ':' && close > i + 2 ? close + 1 : i + 1;
    } else {
      ++i;
    }
  }
  return std::string_view::npos;
}

struct Braces {
  std::size_t open, close;
  std::vector<std::size_t> commas;
};

// Calls visit(at, sign) for each '{', ',' and '}' outside escapes and classes, until it returns
// false.
template <class Visit>
void each_brace_sign(std::string_view pattern, Visit visit) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      ++i;
    } else if (c == '[') {
      const std::size_t end = class_end(pattern, i);
      if (end != std::string_view::npos) i = end - 1;
    } else if ((c == '{' || c == ',' || c == '}') && !visit(i, c)) {
      return;
    }
  }
}

// The first pair of braces that is closed.
std::optional<Braces> find_braces(std::string_view pattern) {
  std::vector<Braces> open;
  std::optional<Braces> found;  // the earliest outermost so far
  each_brace_sign(pattern, [&](std::size_t i, char c) {
    if (c == '{') {
      open.push_back({i, 0, {}});
    } else if (open.empty()) {
      return true;
    } else if (c == ',') {
      open.back().commas.push_back(i);
    } else {
      open.back().close = i;
      if (!found || open.back().open < found->open) found = std::move(open.back());
      open.pop_back();
      return !open.empty();
    }
    return true;
  });
  return found;
}

// A '{' that nothing closes.
bool has_open_brace(std::string_view pattern) {
  int open = 0;
  each_brace_sign(pattern, [&](std::size_t, char c) {
    if (c == '{') ++open;
    if (c == '}' && open > 0) --open;
    return true;
  });
  return open > 0;
}

struct Named {
  std::string_view name;
  std::string_view ranges;  // pairs of low, high
};
constexpr auto kNamed = std::to_array<Named>({
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"blank", "  \t\t"},
    {"cntrl", std::string_view("\0\x1f\x7f\x7f", 4)},
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"xdigit", "09AFaf"},
});

}  // namespace

// Compiles one pattern without braces.
class Glob::Compiler {
 public:
  Compiler(Glob& glob, std::string_view pattern) : glob_(glob), pattern_(pattern) {}

  // False when malformed: a class that is not closed, or in an ignore file an unknown [:name:] or
  // a backslash at the end.
  bool compile(Alternative& out) {
    Segment segment;
    std::size_t i = 0;
    while (i < pattern_.size()) {
      const char c = pattern_[i];
      if (c == '/' || (c == '\\' && i + 1 < pattern_.size() && pattern_[i + 1] == '/')) {
        finish(segment, out);
        i += c == '/' ? 1 : 2;
      } else if (c == '\\') {
        if (i + 1 == pattern_.size()) {
          if (!glob_.characters_) return false;
          push_unit(segment, i);
        } else {
          push_unit(segment, ++i);
        }
      } else if (c == '*') {
        push_star(segment);
        ++i;
      } else if (c == '?') {
        segment.tokens.push_back({Token::Kind::kAny, 0, 0});
        segment.tail.clear();
        ++i;
      } else if (c == '[') {
        if (!push_class(segment, i)) return false;
      } else {
        push_unit(segment, i);
      }
    }
    finish(segment, out);
    return true;
  }

 private:
  void push_unit(Segment& segment, std::size_t& i) {
    const Unit unit = glob_.unit_at(pattern_, i);
    const bool leads = segment.text.size() == segment.head.size() &&
                       (segment.tokens.empty() || segment.tokens.back().kind == Token::Kind::kUnit);
    segment.tokens.push_back({Token::Kind::kUnit, unit.value, 0});
    segment.text.append(pattern_, i, unit.length);
    segment.tail.append(pattern_, i, unit.length);
    if (leads) segment.head.append(pattern_, i, unit.length);
    i += unit.length;
  }

  void push_star(Segment& segment) {
    // `**` alone in its component spans components; elsewhere several stars are one.
    if (!segment.tokens.empty() && segment.tokens.back().kind == Token::Kind::kStar) {
      if (segment.tokens.size() == 1) segment.shape = Shape::kComponents;
      return;
    }
    segment.tokens.push_back({Token::Kind::kStar, 0, 0});
    segment.tail.clear();
  }

  void finish(Segment& segment, Alternative& out) {
    const auto units = [&](std::size_t from) {
      return std::all_of(segment.tokens.begin() + static_cast<std::ptrdiff_t>(from),
                         segment.tokens.end(),
                         [](const Token& t) { return t.kind == Token::Kind::kUnit; });
    };
    const bool starts_with_star =
        !segment.tokens.empty() && segment.tokens.front().kind == Token::Kind::kStar;
    if (segment.shape == Shape::kComponents && segment.tokens.size() == 1) {
      segment.shape = Shape::kComponents;
    } else if (units(0)) {
      segment.shape = Shape::kText;
    } else if (starts_with_star && segment.tokens.size() == 1) {
      segment.shape = Shape::kAnything;
    } else if (starts_with_star && units(1)) {
      segment.shape = Shape::kSuffix;
    } else {
      segment.shape = Shape::kGeneral;
      glob_.work_ += segment.tokens.size();
    }
    out.push_back(std::move(segment));
    segment = Segment{};
  }

  bool push_class(Segment& segment, std::size_t& i) {
    const std::size_t end = class_end(pattern_, i);
    if (end == std::string_view::npos) return false;
    Set set;
    ++i;
    if (pattern_[i] == '!' || pattern_[i] == '^') {
      set.negated = true;
      ++i;
    }
    char32_t previous = 0;  // what a '-' can start a range from; 0: nothing
    while (i < end - 1) {
      if (pattern_.substr(i, 2) == "[:" && push_named(set, i)) {
        if (i == std::string_view::npos) return false;
        previous = 0;
      } else if (pattern_[i] == '-' && previous != 0 && i + 1 < end - 1) {
        const char32_t high = class_unit(++i);
        set.ranges.push_back({previous, high});
        previous = 0;
      } else {
        previous = class_unit(i);
        set.ranges.push_back({previous, previous});
      }
    }
    i = end;
    segment.tokens.push_back(
        {Token::Kind::kSet, 0, static_cast<std::uint32_t>(glob_.sets_.size())});
    segment.tail.clear();
    glob_.sets_.push_back(std::move(set));
    return true;
  }

  char32_t class_unit(std::size_t& i) {
    if (pattern_[i] == '\\') ++i;
    const Unit unit = glob_.unit_at(pattern_, i);
    i += unit.length;
    return unit.value;
  }

  // `[:name:]`: true when it is one; `i` is npos when no class has that name.
  bool push_named(Set& set, std::size_t& i) {
    const std::size_t close = pattern_.find(']', i + 2);
    if (close == std::string_view::npos || close == i + 2 || pattern_[close - 1] != ':')
      return false;
    const std::string_view name = pattern_.substr(i + 2, close - i - 3);
    const auto* const known = std::ranges::find(kNamed, name, &Named::name);
    if (known == kNamed.end()) {
      i = std::string_view::npos;
      return true;
    }
    for (std::size_t r = 0; r < known->ranges.size(); r += 2) {
      set.ranges.push_back({static_cast<unsigned char>(known->ranges[r]),
                            static_cast<unsigned char>(known->ranges[r + 1])});
    }
    i = close + 1;
    return true;
  }

  Glob& glob_;
  std::string_view pattern_;
};

Result<Glob> Glob::compile(std::string_view pattern, Flavour flavour, bool fold_case) {
  if (pattern.size() > kMaxBytes) {
    return fail(Code::kInvalidArgs, "glob of {} bytes is longer than {}", pattern.size(),
                kMaxBytes);
  }
  if (flavour == Flavour::kTool && has_open_brace(pattern)) {
    return fail(Code::kInvalidArgs,
                "glob '{}' has a '{{' that is not closed; write \\{{ for the character",
                pattern.substr(0, 100));
  }
  Glob glob(flavour, fold_case);
  std::vector<std::string> todo = {std::string(pattern)};
  std::size_t bytes = pattern.size();
  for (std::size_t n = 0; flavour == Flavour::kTool && n < todo.size();) {
    const auto braces = find_braces(todo[n]);
    if (!braces) {
      ++n;
      continue;
    }
    const std::string whole = std::move(todo[n]);
    todo.erase(todo.begin() + static_cast<std::ptrdiff_t>(n));
    std::vector<std::size_t> cuts = braces->commas;
    cuts.push_back(braces->close);
    std::size_t from = braces->open + 1;
    for (const std::size_t cut : cuts) {
      todo.push_back(whole.substr(0, braces->open) + whole.substr(from, cut - from) +
                     whole.substr(braces->close + 1));
      bytes += todo.back().size();
      from = cut + 1;
    }
    if (todo.size() > kMaxAlternatives || bytes > kMaxExpandedBytes) {
      return fail(Code::kInvalidArgs,
                  "glob '{}' expands to more than {} alternatives; use fewer braces",
                  pattern.substr(0, 100), kMaxAlternatives);
    }
  }
  for (const std::string& text : todo) {
    Alternative alternative;
    if (Compiler(glob, text).compile(alternative)) {
      ++glob.work_;
      glob.alternatives_.push_back(std::move(alternative));
    } else if (flavour == Flavour::kTool) {
      return fail(Code::kInvalidArgs,
                  "glob '{}' has a '[' that is not a closed class; write \\[ for the character",
                  pattern.substr(0, 100));
    }
  }
  return glob;
}

Glob Glob::literal(std::string_view text, bool fold_case) {
  Glob glob(Flavour::kTool, fold_case);
  Alternative alternative;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    Segment segment;
    segment.shape = Shape::kText;
    segment.text = text.substr(at, end - at);
    alternative.push_back(std::move(segment));
    at = end + 1;
  }
  glob.alternatives_.push_back(std::move(alternative));
  glob.work_ = 1;
  return glob;
}

}  // namespace quarry::search
