#include "server/search/class_text.h"

#include <algorithm>
#include <array>
#include <map>

#include <re2/re2.h>

#include "server/base/format.h"
#include "server/base/guarded.h"
#include "server/base/utf8.h"
#include "server/search/unicode_property.h"

namespace quarry::search {
namespace {

// What is in \w, \d, \s and in their opposites, as it is written inside of brackets. An empty
// opposite cannot be written so.
struct Shorthands {
  std::string_view word, digit, space;
  std::string_view not_word, not_digit, not_space;
};

// Without the two characters that fold to ASCII letters: where case does not matter they would
// bring those in.
constexpr std::string_view kBeyondAscii = "\\x{80}-\\x{17e}\\x{180}-\\x{2129}\\x{212b}-\\x{10ffff}";

constexpr Shorthands kAsciiShorthands = {
    .word = "0-9A-Za-z_",
    .digit = "0-9",
    .space = "\\t-\\r ",
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

using Kind = UnicodeProperty::Kind;

// A property as a list, or as all that is not in the list.
struct PropertyText {
  std::string list;  // empty: the engine has none
  bool outside = false;
};

// Unicode's Other_Uppercase and Other_Lowercase.
constexpr std::string_view kOtherUpper =
    "\\x{2160}-\\x{216f}\\x{24b6}-\\x{24cf}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}"
    "\\x{1f170}-\\x{1f189}";
constexpr std::string_view kOtherLower =
    "\\x{aa}\\x{ba}\\x{2b0}-\\x{2b8}\\x{2c0}-\\x{2c1}\\x{2e0}-\\x{2e4}\\x{345}\\x{37a}"
    "\\x{1d2c}-\\x{1d6a}\\x{1d78}\\x{1d9b}-\\x{1dbf}\\x{2071}\\x{207f}\\x{2090}-\\x{209c}"
    "\\x{2170}-\\x{217f}\\x{24d0}-\\x{24e9}\\x{2c7c}-\\x{2c7d}\\x{a69c}-\\x{a69d}\\x{a770}"
    "\\x{a7f8}-\\x{a7f9}\\x{ab5c}-\\x{ab5f}\\x{10780}\\x{10783}-\\x{10785}"
    "\\x{10787}-\\x{107b0}\\x{107b2}-\\x{107ba}";

constexpr std::string_view kNoControls = "\\pL\\pM\\pN\\pP\\pS\\pZ";

PropertyText for_re2(const UnicodeProperty& property) {
  if (property.kind == Kind::kScript) return {"\\p{" + std::string(property.name) + "}"};
  if (property.name == "Uppercase") return {"\\p{Lu}" + std::string(kOtherUpper)};
  if (property.name == "Lowercase") return {"\\p{Ll}" + std::string(kOtherLower)};
  if (property.kind != Kind::kCategory) return {};
  if (property.name == "Any") return {"\\x00-\\x{10ffff}"};
  if (property.name == "ASCII") return {"\\x00-\\x7f"};
  if (property.name == "LC") return {"\\p{Lu}\\p{Ll}\\p{Lt}"};
  // Its \p{C} holds nothing that is unassigned.
  if (property.name == "C") return {std::string(kNoControls), true};
  const bool assigned = property.name == "Assigned";
  if (assigned || property.name == "Cn") return {std::string(kNoControls) + "\\pC", !assigned};
  return {"\\p{" + std::string(property.name) + "}"};
}

// What RE2 finds more of a list where case does not matter.
std::string find_other_cases(const std::string& list) {
  constexpr std::uint32_t kEndOfCases = 0x1E950;
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 exact("[" + list + "]", options);
  options.set_case_sensitive(false);
  const re2::RE2 folded("[" + list + "]", options);
  std::string out;
  std::string character;
  std::uint32_t begin = 0;  // of a run that `folded` matches
  bool more = false;        // somewhere in it `exact` does not
  for (std::uint32_t c = 0; c <= kEndOfCases; ++c) {
    character.clear();
    utf8::append_character(character, c);
    if (c < kEndOfCases && re2::RE2::FullMatch(character, folded)) {
      more = more || !re2::RE2::FullMatch(character, exact);
      continue;
    }
    if (more) out += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", begin, c - 1);
    begin = c + 1;
    more = false;
  }
  return out;
}

// Where case does not matter, PCRE2 goes on to tell the cases of a property. To find them takes
// some 15 ms: they are found once. There are as many lists as properties that RE2 knows.
std::string other_cases(const std::string& list) {
  static Guarded<std::map<std::string, std::string>> known;
  {
    auto all = known.lock();
    if (const auto found = all->find(list); found != all->end()) return found->second;
  }
  std::string found = find_other_cases(list);
  return known.lock()->emplace(list, std::move(found)).first->second;
}

PropertyText for_pcre2(const UnicodeProperty& property, bool folds) {
  if (property.name == "ASCII") return {"\\x00-\\x7f"};
  if (property.name == "Assigned") return {"\\p{Cn}", true};
  std::string name(property.name == "LC" ? "L&" : property.name);
  if (property.kind == Kind::kScript) name.insert(0, "sc:");
  if (property.kind == Kind::kScriptExtensions) name.insert(0, "scx:");
  PropertyText written{"\\p{" + name + "}"};
  const PropertyText known = folds ? for_re2(property) : PropertyText{};
  if (!known.list.empty() && !known.outside) written.list += other_cases(known.list);
  return written;
}

// What is ASCII of a property, and of its opposite maybe more.
std::string ascii_list(const UnicodeProperty& property, bool folds) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Ascii members = property.ascii;
  for (std::size_t c = 'A'; folds && c <= 'Z'; ++c) {
    const std::size_t small = c - 'A' + 'a';
    if (members[c] || members[small]) members.set(c).set(small);
  }
  if (property.negated) members.flip();
  std::string out;
  const auto add = [&](std::size_t c) {
    out += "\\x";
    out.push_back(kDigits[c >> 4U]);
    out.push_back(kDigits[c & 15U]);
  };
  for (std::size_t c = 0; c < members.size(); ++c) {
    if (!members[c]) continue;
    add(c);
    if (c + 1 == members.size() || !members[c + 1]) continue;
    while (c + 1 < members.size() && members[c + 1]) ++c;
    out += "-";
    add(c);
  }
  if (property.negated) out += kBeyondAscii;
  return out.empty() ? "\\x{10ffff}" : out;  // not in lines of ASCII
}

void append_property(ClassText& out, std::string_view text, const ClassMeaning& meaning) {
  const auto property = find_property(text);
  if (!property) {
    out.listed += text;
    return;
  }
  const bool backtracking = meaning.dialect == Dialect::kBacktracking;
  PropertyText written = backtracking ? for_pcre2(*property, meaning.folds) : for_re2(*property);
  const bool outside = written.outside != property->negated;
  const bool one = written.list.find('}') + 1 == written.list.size();
  if (meaning.dialect == Dialect::kAscii && (written.list.empty() || (outside && !one))) {
    out.listed += ascii_list(*property, meaning.folds);
  } else if (written.list.empty()) {
    out.possible = false;
  } else if (!outside) {
    out.listed += written.list;
  } else if (one) {
    out.listed += written.list.replace(1, 1, "P");
  } else {
    out.outside.push_back(std::move(written.list));
  }
}

const Shorthands& shorthands(const ClassMeaning& meaning) {
  const bool ascii = meaning.dialect == Dialect::kAscii || !meaning.unicode;
  return ascii ? kAsciiShorthands : kUnicodeShorthands;
}

}  // namespace

std::string_view word_characters(const ClassMeaning& meaning) {
  return shorthands(meaning).word;
}

ClassText read_class(std::string_view text, const ClassMeaning& meaning) {
  const Shorthands& set = shorthands(meaning);
  const bool any_case = meaning.folds && meaning.dialect == Dialect::kBacktracking;
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
      if (written.empty()) out.outside.emplace_back(set.word);
      i += 2;
    } else if (text[i + 1] == 'p' || text[i + 1] == 'P') {
      const std::size_t length = property_length(text.substr(i));
      append_property(out, text.substr(i, length), meaning);
      i += length;
    } else {
      out.listed += text.substr(i, 2);
      i += 2;
    }
  }
  return out;
}

}  // namespace quarry::search
