// Engines: the programs that one pattern was compiled into, and which of them looks where. The
// inside of Matcher.
//
// After Matcher::compile() only the members under "made once they are needed" change; safe from
// any thread then, each with a MatchScratch of its own.

#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "server/search/backtracking.h"
#include "server/search/fast_program.h"
#include "server/search/literal_finder.h"
#include "server/search/match_scratch.h"
#include "server/search/pattern.h"
#include "server/search/required.h"

namespace quarry::search {

struct Engines {
  std::string pattern;
  std::vector<Token> tokens;  // into `pattern`
  MatchOptions options;
  LiteralFinder needle;  // every match contains it; may be empty
  Required required;
  std::size_t longest = 0;  // bytes of a match, or kAnyLength: PatternMeasure::longest
  bool plain = false;       // `needle` is the whole pattern
  bool asks_for_returns = false;
  bool folds_line_ends = false;
  std::string note;
  // With `exact`, a wider pattern than asked for; null when there is none to be had.
  std::unique_ptr<re2::RE2> ascii;
  std::unique_ptr<const Backtracking> exact;  // null: RE2 can say the pattern

  // Made once they are needed.
  std::once_flag unicode_made;
  std::unique_ptr<re2::RE2> unicode;
  std::unique_ptr<const Backtracking> unicode_exact;
  std::atomic<bool> fell_to_ascii = false;  // neither could be made
  std::atomic<std::size_t> expected = 0;    // bytes
  std::once_flag fast_made;
  std::unique_ptr<const FastProgram> fast_program;
  std::atomic<const FastProgram*> fast = nullptr;

  void make_unicode();
  // `longest`, in a text of ASCII.
  std::size_t longest_ascii() const { return longest / 4; }
  // `bytes` more will be searched: makes `fast` once that pays.
  void expect(std::size_t bytes);

  // Whether what every match contains is worth looking for first.
  bool needle_pays(const MatchScratch& scratch) const;
  // Makes [known_from, known_to) a run of whole lines around `from`, all ASCII or most not.
  static void know(std::string_view text, std::size_t from, std::size_t to, MatchScratch& scratch);
  // Whether text[from, to) is all ASCII.
  static bool is_ascii(std::string_view text, std::size_t from, std::size_t to,
                       MatchScratch& scratch);
  // The first line of a run that may match (`sure`: does); nullopt when none of the run does.
  std::optional<Span> in_run(std::string_view text, std::size_t from, std::size_t to, bool is_ascii,
                             MatchScratch& scratch, bool& sure);
  bool line_matches(std::string_view text, Span line, MatchScratch& scratch);
  // Line by line, by an engine that takes its time.
  static std::optional<Span> each_line(const Backtracking& engine, std::string_view text,
                                       std::size_t from, std::size_t to, MatchScratch& scratch);
};

re2::RE2::Options regex_options(const MatchOptions& options);
// Null when the dialect cannot say it; not ok() when it is too large.
std::unique_ptr<re2::RE2> make_regex(const std::vector<Token>& tokens, Dialect dialect,
                                     const MatchOptions& options);
// In the words of PCRE2; a pattern that was not understood as it is.
std::string backtracking_text(std::string_view pattern, const std::vector<Token>& tokens,
                              const MatchOptions& options);
// The line of text[from, to) that `at` lies in, without its break.
Span line_around(std::string_view text, std::size_t at, std::size_t from, std::size_t to);

}  // namespace quarry::search
