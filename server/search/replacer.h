// Replacer: a pattern, and what comes in place of each of its matches.
//
// Matches are those of grep (Matcher), from left to right; behind a match an empty one does not
// count. A pattern is RE2's alone: one that is not valid is refused, never taken for plain text.
// A regex that asks for a line break may match across lines; `.` does not match one by itself.
//
// Every line end is "\n" to a pattern, and "\n" in what replaces it is the line end of the text
// around; but a pattern that asks for "\r" meets the text as it is, and what replaces it is taken
// as it is.
//
// Immutable; const, safe from any thread, each with a MatchScratch of its own.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/search/matcher.h"
#include "server/search/replacement_template.h"

namespace quarry::search {

struct ReplacedPlace {
  std::size_t begin = 0;  // of the text, in bytes
  std::size_t end = 0;
  std::string with;
};

class Replacer {
 public:
  // `regex`: false for plain text on both sides. kInvalidArgs.
  static Result<std::unique_ptr<const Replacer>> compile(std::string_view pattern,
                                                         std::string_view replacement, bool regex);
  Replacer(const Replacer&) = delete;
  Replacer& operator=(const Replacer&) = delete;
  ~Replacer();

  const Matcher& matcher() const { return *matcher_; }

  // Whether `text` of replace() is to have its own line ends; else they are all "\n".
  bool asks_for_returns() const { return matcher_->asks_for_returns(); }

  // All places of `text`. Takes what they come to from `budget`;
  // kTooLarge when it is used up. kUnavailable: the time or the steps of a line were.
  Result<std::vector<ReplacedPlace>> replace(std::string_view text, std::size_t& budget,
                                             MatchScratch& scratch) const;

 private:
  struct Groups;
  class Run;
  Replacer(std::shared_ptr<const Matcher> matcher, ReplacementTemplate with,
           std::unique_ptr<const Groups> groups);

  std::shared_ptr<const Matcher> matcher_;
  ReplacementTemplate template_;
  std::unique_ptr<const Groups> groups_;  // null: none are asked for
};

}  // namespace quarry::search
