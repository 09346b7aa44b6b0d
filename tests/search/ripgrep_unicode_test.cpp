// \p{...}, (?u) and (?-u) against ripgrep, character by character: each on a line of its own, so
// that lines of ASCII and others are asked of all engines.
//
// What differs, by rules that this test knows:
//   version    characters that are unassigned in the Unicode of one side are left out

#include <set>
#include <sstream>

#include "server/base/utf8.h"
#include "server/search/unicode_property.h"
#include "tests/search/searched_tree.h"

namespace quarry::search {
namespace {

using Characters = std::set<std::uint32_t>;

// Each character that a property may tell from others; of the many thousand Hanzi and the like, one
// in sixteen.
std::vector<std::uint32_t> characters() {
  std::vector<std::uint32_t> all;
  for (std::uint32_t c = 0; c < 0x32000; ++c) {
    const bool many = (c >= 0x3400 && c < 0xA000) || (c >= 0xAC00 && c < 0xF900) || c >= 0x20000;
    if (c == 0 || c == '\n' || (c >= 0xD800 && c < 0xE000) || (many && c % 16 != 0)) continue;
    all.push_back(c);
  }
  for (const std::uint32_t c : {0xE0001, 0xE0020, 0xE0041, 0xE0100, 0xE01EF, 0xF0000, 0x10FFFD}) {
    all.push_back(c);
  }
  return all;
}

// The characters as lines, and which of them each side finds.
class Lines {
 public:
  Lines() : characters_(characters()) {
    for (const std::uint32_t c : characters_) {
      utf8::append_character(text_, c);
      text_.push_back('\n');
    }
    tree_.files.write("all", text_);
  }

  Characters ours(const std::string& pattern, const MatchOptions& options) const {
    const auto matcher = Matcher::compile(pattern, options);
    REQUIRE(matcher);
    CHECK((*matcher)->note().empty());
    (*matcher)->expect(1 << 24);
    MatchScratch scratch;
    Characters found;
    std::size_t number = 0;
    std::size_t counted = 0;
    for (std::size_t from = 0; from < text_.size();) {
      const auto line = (*matcher)->find_line(text_, from, text_.size(), scratch);
      if (!line) break;
      const auto begin = text_.begin();
      number += static_cast<std::size_t>(
          std::count(begin + static_cast<std::ptrdiff_t>(counted),
                     begin + static_cast<std::ptrdiff_t>(line->begin), '\n'));
      counted = line->begin;
      found.insert(characters_[number]);
      from = line->end + 1;
    }
    CHECK(scratch.over_limit == 0);
    CHECK_FALSE((*matcher)->fell_to_ascii());
    return found;
  }

  Characters theirs(const std::string& pattern, const std::vector<std::string>& options) const {
    std::vector<std::string> argv = {"sh", "-c",          "rg \"$@\" all | cut -d: -f1",
                                     "rg", "--no-config", "-n",
                                     "-a", "--encoding",  "none"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {"-e", pattern});
    std::istringstream in(tree_.files.run(argv));
    Characters found;
    for (std::size_t number = 0; in >> number;) found.insert(characters_.at(number - 1));
    return found;
  }

 private:
  SearchedTree tree_;
  std::vector<std::uint32_t> characters_;
  std::string text_;
};

// "only here 0041 0042; only there 0043", of what both sides know.
std::string difference(const Characters& ours, const Characters& theirs, const Characters& known) {
  std::string out;
  const auto add = [&](const char* where, const Characters& some, const Characters& other) {
    std::size_t shown = 0;
    for (const std::uint32_t c : some) {
      if (other.contains(c) || !known.contains(c)) continue;
      char hex[16];
      std::snprintf(hex, sizeof hex, " %04X", c);
      if (shown++ == 0) out += where;
      if (shown < 20) out += hex;
    }
  };
  add(" only here", ours, theirs);
  add(" only there", theirs, ours);
  return out;
}

struct UnicodeRow {
  const char* pattern;
  MatchOptions match = {};
  std::vector<std::string> options = {};  // of rg
};

std::vector<UnicodeRow> unicode_rows() {
  const MatchOptions fold{.ignore_case = true};
  const std::vector<std::string> i = {"-i"};
  std::vector<UnicodeRow> all;
  for (const char* pattern : {"\\p{Letter}",
                              "\\p{lu}",
                              "\\p{greek}",
                              "\\p{Script=Greek}",
                              "\\p{sc=Greek}",
                              "\\p{scx=Greek}",
                              "\\p{scx=Katakana}",
                              "\\p{Katakana}",
                              "\\p{sc:Hira}",
                              "\\p{gc=Lu}",
                              "\\p{General_Category=Uppercase_Letter}",
                              "\\p{Alphabetic}",
                              "\\p{Uppercase}",
                              "\\p{Lowercase}",
                              "\\p{White_Space}",
                              "\\p{Any}",
                              "\\p{ASCII}",
                              "\\P{ASCII}",
                              "\\p{Emoji}",
                              "\\p{Emoji_Presentation}",
                              "\\p{ext pict}",
                              "\\p{is-Greek}",
                              "\\p{ Script_Extensions = dev a }",
                              "\\p{Cased_Letter}",
                              "\\P{Cased_Letter}",
                              "\\p{Other}",
                              "\\P{other}",
                              "\\pC",
                              "\\p{Cc}",
                              "\\p{punct}",
                              "\\p{Symbol}",
                              "\\p{Separator}",
                              "\\p{Mark}",
                              "\\p{Number}",
                              "\\pl",
                              "\\PL",
                              "\\p{Common}",
                              "\\p{Inherited}",
                              "\\p{Latin}",
                              "\\p{Hex_Digit}",
                              "\\P{Hex}",
                              "\\p{Math}",
                              "\\p{Dash}",
                              "\\p{ID_Start}",
                              "\\p{XIDC}",
                              "\\p{Ideographic}",
                              "\\p{Default_Ignorable_Code_Point}",
                              "\\p{Quotation_Mark}",
                              "\\p{Soft_Dotted}",
                              "\\p{Pattern_Syntax}",
                              "\\p{Variation_Selector}",
                              "\\p{Cased}",
                              "[\\p{Letter}\\d]",
                              "[^\\p{Letter}\\d]",
                              "[\\P{Alphabetic}a]",
                              "[^\\P{Alphabetic}a]",
                              "[\\p{Other}x]",
                              "[^\\p{Other}x]",
                              "[^\\P{LowercaseLetter}x\\W]",
                              "\\b\\p{Katakana}",
                              "\\p{Katakana}\\b",
                              "\\b[\\p{scx=Hira}\\p{Lu}]\\b",
                              "(?u)\\w",
                              "(?-u)\\w",
                              "(?-u)\\d|\\s",
                              "(?-u:\\b)x",
                              "(?-u:\\w)|\\d",
                              "(?u:\\w)",
                              "(?-u)^[\\w\\-]$",
                              "(?i)\\p{Lu}",
                              "(?i)\\b\\p{Ll}"}) {
    all.push_back({pattern});
  }
  for (const char* pattern :
       {"\\p{Letter}", "\\p{Uppercase}", "\\P{Uppercase}", "[\\P{Lu}]", "[^\\P{Lowercase}]",
        "\\p{Greek}", "\\b\\p{Greek}", "\\b\\p{Lt}", "\\P{ASCII}", "\\p{ASCII}", "\\p{Hex_Digit}",
        "\\b\\p{Lu}", "\\b[\\p{Lowercase}_]"}) {
    all.push_back({pattern, fold, i});
  }
  return all;
}

TEST_CASE("properties of characters have the members that ripgrep's have") {
  if (!program_exists("rg")) return;
  const Lines lines;
  const Characters here = lines.ours("\\p{Assigned}", {});
  const Characters there = lines.theirs("\\p{Assigned}", {});
  CHECK(here.size() > 45'000);
  Characters known;
  for (const std::uint32_t c : characters()) {
    if (here.contains(c) == there.contains(c)) known.insert(c);
  }
  CHECK(known.size() + 1500 > characters().size());
  for (const UnicodeRow& row : unicode_rows()) {
    INFO(row.pattern << (row.match.ignore_case ? " -i" : ""));
    CHECK(difference(lines.ours(row.pattern, row.match), lines.theirs(row.pattern, row.options),
                     known) == "");
  }
}

TEST_CASE("properties of characters take each name that Unicode has for them") {
  struct Named {
    const char* text;
    const char* want;  // "" for none
  };
  const Named rows[] = {
      {"\\pL", "L"},
      {"\\pl", "L"},
      {"\\p{Letter}", "L"},
      {"\\P{Letter}", "not L"},
      {"\\p{^Letter}", "not L"},
      {"\\P{^letter}", "L"},
      {"\\p{grek}", "Greek"},
      {"\\p{Is_Greek}", "Greek"},
      {"\\p{sc=QAAC}", "Coptic"},
      {"\\p{script : old turkic}", "Old_Turkic"},
      {"\\p{gc=greek}", ""},
      {"\\p{sc=Lu}", ""},
      {"\\p{Alpha}", "Alphabetic"},
      {"\\p{L&}", "LC"},
      {"\\p{Age=3.0}", ""},
      {"\\p{Bidi_Mirrored}", ""},
      {"\\p{}", ""},
      {"\\p{Letter", ""},
      {"\\p", ""},
      {"\\p{Unknown}", ""},
  };
  for (const Named& row : rows) {
    INFO(row.text);
    const auto property = find_property(row.text);
    std::string got;
    if (property) got = (property->negated ? "not " : "") + std::string(property->name);
    CHECK(got == row.want);
  }
}

}  // namespace
}  // namespace quarry::search
