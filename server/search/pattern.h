// Pattern: a regular expression read into tokens, and written again for the engines: each gets the
// same meaning in its own words, with Unicode's \w, \d, \s, \b and folding as ripgrep has them.
//
// Reading never fails: what is not known becomes kOther, and no promise is made about such a
// pattern. Whether the pattern is valid is for the engines to say. Pure functions; safe from any
// thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/search/match_options.h"

namespace quarry::search {

enum class TokenKind : std::uint8_t {
  kText,       // one character, in `bytes`
  kClass,      // [a-z]
  kShorthand,  // \w \W \d \D \s \S
  kProperty,   // \pL \P{Greek}
  kAny,        // .
  kLineBegin,
  kLineEnd,
  kWordEdge,  // \b \B
  kTextEdge,  // \A \z \Z \G
  kOpen,      // ( (?: (?i: (?P<name>
  kLook,      // (?= (?! (?<= (?<!
  kAtomic,    // (?>
  kClose,
  kFlags,  // (?i)
  kBar,
  kRepeat,  // * +? {2,3}
  kBack,    // \1 \k<name>
  kOther,
};

struct Token {
  TokenKind kind = TokenKind::kOther;
  std::string_view text;  // into the pattern
  std::string bytes;      // of kText, what it stands for
  int min = 0, max = 0;   // of kRepeat; max -1: no bound
};

std::vector<Token> read_pattern(std::string_view pattern);
// The pattern with \u00e9, \u{e9} and \U000000e9, which ripgrep takes too, as \x{e9}.
std::string with_code_points(std::string_view pattern);
// The pattern with | and \b for \|, \< and \>, as some programs write them; empty when it has none.
std::string without_basic_syntax(std::string_view pattern);
// The pattern for lines that are searched one by one, where \A and \z are the line's begin and end,
// and so are ^ and $ whatever (?-m) says. As given when it has none of them.
std::string with_line_edges(std::string_view pattern);
// Flags such as (?iu-s: without u, which not all engines have.
std::string without_unicode_flag(std::string_view flags);
// The pattern with letters for each property that has a name here and without the flag u: as valid
// for RE2 as the pattern is, with as many groups.
std::string with_plain_properties(std::string_view pattern);
// The tokens of plain text.
std::vector<Token> plain_pattern(std::string_view text);

// What of a pattern cannot be left to the engines.
struct PatternShape {
  int nesting = 0;               // of groups
  bool any_byte = false;         // \C
  bool line_break = false;       // asks for a \n outside a class
  bool line_end = false;         // a $
  bool text_edge = false;        // \A and the like, or (?-m)
  bool folds = false;            // (?i)
  bool class_operation = false;  // && in a class, which only some engines know
  // A class with a [ in it, and an unpaired ] behind: one class within another, or not, by engine.
  bool nested_class = false;
  bool known = true;  // no kOther
};
PatternShape shape_of(const std::vector<Token>& tokens);

// The text that the pattern matches, when it matches exactly one.
std::optional<std::string> as_literal(const std::vector<Token>& tokens);

enum class Dialect : std::uint8_t {
  // RE2, on lines of ASCII. Look-around is left out and a back-reference is anything, so that the
  // expression matches wherever the pattern does, and maybe elsewhere.
  kAscii,
  kUnicode,       // RE2, any line; nullopt when it cannot say it
  kBacktracking,  // PCRE2, any line
};
// `match.word`: the pattern with what is no word character, or nothing, around it; for RE2 it is
// the first group then.
std::optional<std::string> write_pattern(const std::vector<Token>& tokens, Dialect dialect,
                                         const MatchOptions& match);

// One class of a pattern (kClass, kShorthand, kProperty) in the words of kAscii, for an engine that
// is told whether case matters.
std::string ascii_class(const Token& token, bool ignore_case);

}  // namespace quarry::search
