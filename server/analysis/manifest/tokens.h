// Tokens: the words, strings and marks of manifests that are programs (Gradle, Gemfile, mix.exs,
// CMake, HCL, ...), without their comments; and the same as nested statements.
//
// Not a grammar of any of them: what a manifest declares is told by the words before a string,
// which all of them have in common. Bounded by kMaxTokens; strings are given as they are written,
// without their quotes. Views point into the text. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace quarry::analysis::manifest {

inline constexpr std::size_t kMaxTokens = 200'000;

struct Token {
  enum class Kind : std::uint8_t { kWord, kString, kMark, kLineEnd };
  Kind kind = Kind::kMark;
  std::string_view text;
  std::uint32_t line = 0;

  bool is(std::string_view wanted) const { return kind != Kind::kString && text == wanted; }
  bool is_word() const { return kind == Kind::kWord; }
  bool is_string() const { return kind == Kind::kString; }
};

// How a language writes comments, strings and words.
struct Syntax {
  std::string_view line_comments;  // apart by blanks: "// #"
  std::string_view block_open;     // "/*"; empty when there are none
  std::string_view block_close;
  std::string_view quotes = "\"'";
  std::string_view word_marks = "_.-";  // in words beside letters and digits
  std::string_view raw_quotes = {};     // of `quotes`: up to the next one, over lines
  bool triple = true;                   // whether three quotes begin a string over lines
  bool over_lines = false;              // whether every string may go on over them
  bool bracket_strings = false;         // [[x]] and [==[x]==], whatever is in them
};

inline constexpr Syntax kCurly = {"//", "/*", "*/", "\"'", "_.$"};             // Gradle, sbt, Swift
inline constexpr Syntax kHcl = {"// #", "/*", "*/", "\"", "_.-"};              // Terraform
inline constexpr Syntax kRuby = {"#", "\n=begin", "\n=end", "\"'", "_.:?!@"};  // Ruby, Crystal
inline constexpr Syntax kElixir = {"#", "", "", "\"'", "_.:?!@"};              // Elixir
inline constexpr Syntax kPython = {"#", "", "", "\"'", "_."};  // Python, Starlark, Meson
inline constexpr Syntax kCmake = {
    "#", "#[[", "]]", "\"", "_.-/$+:<>=", {}, false, true, true};  // CMake
inline constexpr Syntax kLisp = {
    ";", "", "", "\"", "_.-/:*+!?%&<>=", {}, false, true};         // Clojure, dune
inline constexpr Syntax kLua = {"--", "--[[", "]]", "\"'", "_."};  // Lua
inline constexpr Syntax kErlang = {"%", "", "", "\"", "_.@-"};     // rebar.config
inline constexpr Syntax kNim = {"#", "#[", "]#", "\"", "_."};      // nimble
inline constexpr Syntax kPerl = {"#", "", "", "\"'", "_:.$@"};     // cpanfile, Makefile.PL

// kLineEnd tokens stand only where a line ends outside brackets "(" and "[".
std::vector<Token> tokens(std::string_view text, const Syntax& syntax);

// Tokens up to the end of a line or ';', and what stands in braces behind them. As views: the range
// [first, last) of the tokens, which is empty where nothing stands before a brace, and the indexes
// of the statements inside.
struct Statement {
  std::uint32_t parent = 0;  // index; itself for those of the top
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t depth = 0;
};

// In the order of the text: a parent before its children.
std::vector<Statement> statements(const std::vector<Token>& tokens);

}  // namespace quarry::analysis::manifest
