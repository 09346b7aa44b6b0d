// Glob: one compiled file name pattern.
//
// `*` and `?` stay within a component, a component of stars only (`**`) spans any number of
// components (at the end: one or more), `[a-z]`, `[!a-z]`, `[[:digit:]]`, `\` escapes. Matching
// takes at most pattern length x path length steps, whatever the pattern: two pointers within a
// component, and again over the components, never a recursion.
//
// Immutable after compile(); const, safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/limits.h"
#include "server/base/result.h"

namespace quarry::search {

class Glob {
 public:
  static constexpr std::size_t kMaxBytes = standard<std::size_t>(Limit::kGlobBytes);
  static constexpr std::size_t kMaxAlternatives =
      standard<std::size_t>(Limit::kGlobAlternatives);  // that {a,b} may expand to

  enum class Flavour : std::uint8_t {
    kIgnore,  // as git reads ignore files: bytes, no braces; a malformed pattern matches nothing
    kTool,    // an argument: UTF-8 characters, braces; a malformed pattern is an error
  };

  // `fold_case` makes ASCII letters equal to their other case. kInvalidArgs names the pattern and
  // what is wrong with it.
  static Result<Glob> compile(std::string_view pattern, Flavour flavour, bool fold_case = false);
  // A pattern that matches `text` only.
  static Glob literal(std::string_view text, bool fold_case = false);

  // Against the whole of `path`: components joined by '/', no '/' at either end.
  bool matches(std::string_view path) const;
  // An alternative without '/' against the last component, others against the whole path.
  bool matches_name_or_path(std::string_view path) const;
  // Whether matches_name_or_path depends on the last component alone: each alternative is a single
  // component, with `**/` in front or without. matches_name() then says the same of that component.
  bool by_name() const;
  bool matches_name(std::string_view name) const;
  // The most steps that matching `bytes` of text takes, as search::Pace counts them.
  std::size_t steps(std::size_t bytes) const { return bytes * work_; }
  // Whether some alternative contains a '/'.
  bool has_slash() const;

 private:
  struct Token {
    enum class Kind : std::uint8_t { kUnit, kAny, kStar, kSet };
    Kind kind = Kind::kUnit;
    char32_t unit = 0;      // kUnit: a byte, a character, or kBadByte + byte
    std::uint32_t set = 0;  // kSet: index into sets_
  };
  struct Set {
    struct Range {
      char32_t low, high;
    };
    bool negated = false;
    std::vector<Range> ranges;
  };
  enum class Shape : std::uint8_t { kGeneral, kText, kSuffix, kAnything, kComponents };
  struct Segment {
    Shape shape = Shape::kGeneral;
    std::string text;  // kText, kSuffix
    // kGeneral: what a match begins and ends with, as it was written.
    std::string head, tail;
    std::vector<Token> tokens;
  };
  using Alternative = std::vector<Segment>;
  struct Unit {
    char32_t value;
    std::size_t length;
  };
  class Compiler;

  Glob(Flavour flavour, bool fold_case)
      : characters_(flavour == Flavour::kTool), fold_(fold_case) {}
  Unit unit_at(std::string_view text, std::size_t at) const;
  bool accepts(const Token& token, char32_t unit) const;
  bool matches_component(const Segment& segment, std::string_view component) const;
  bool matches_path(const Alternative& alternative, std::string_view path) const;

  bool characters_;  // match characters, not bytes
  bool fold_;
  std::vector<Alternative> alternatives_;
  std::vector<Set> sets_;
  std::size_t work_ = 0;  // tokens of the general segments, and one for each alternative
};

}  // namespace quarry::search
