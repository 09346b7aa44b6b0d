// Matcher: one compiled search pattern, behind one interface whatever finds it.
//
// Which engine looks is decided by what is searched, never by the answer, which is the same:
//   plain text          LiteralFinder
//   lines of ASCII      a text that every match contains, by LiteralFinder, while few lines have
//                       it; FastProgram once enough was searched to pay for compiling it; RE2
//   other lines         RE2, with Unicode's meaning of \w, \d, \s and folding
//   what RE2 cannot say (look-around, back-references; beyond ASCII \b, \p{scx=...} and binary
//   properties)
//                       Backtracking, on the lines that the engines above leave
// Every hit is asked for again within its line.
//
// Patterns are RE2's syntax, and PCRE2's where RE2 lacks it. A pattern that is valid in neither is
// searched as plain text, and note() says that. Without `multiline` a match never contains a line
// break; with it `.` matches one too; `^` and `$` are those of lines in both. \p{...} takes the
// names of UnicodeProperty; (?-u) gives \w, \d, \s and \b the meaning they have in ASCII.
//
// Immutable after compile() but for the programs that it makes when they are needed; const, safe
// from any thread, each with a MatchScratch of its own.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/limits.h"
#include "server/base/result.h"
#include "server/search/match_options.h"
#include "server/search/match_scratch.h"
#include "server/search/required.h"

namespace quarry::search {

struct Engines;

class Matcher {
 public:
  static constexpr std::size_t kMaxPatternBytes = standard<std::size_t>(Limit::kPatternBytes);
  static constexpr int kMaxNesting = standard<int>(Limit::kPatternNesting);
  static constexpr std::int64_t kMaxProgramBytes = standard(Limit::kPatternMemory);

  // kInvalidArgs: too long, too deep, too large when compiled, or what is not supported.
  static Result<std::shared_ptr<const Matcher>> compile(std::string_view pattern,
                                                        const MatchOptions& options);
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;
  ~Matcher();

  // The first line of text[from, to), which are whole lines, that has a match; without its break.
  // REQUIRES: not multiline.
  std::optional<Span> find_line(std::string_view text, std::size_t from, std::size_t to,
                                MatchScratch& scratch) const;
  // The first match in [from, to) of `text`; what lies outside is looked at only to judge word and
  // line boundaries. Empty matches count. Without multiline [from, to) lies within one line.
  std::optional<Span> find(std::string_view text, std::size_t from, std::size_t to,
                           MatchScratch& scratch) const;

  // Says that `bytes` more will be searched: makes the fast program once it pays.
  void expect(std::size_t bytes) const;

  bool multiline() const;
  // Plain ASCII text, compared byte by byte: in what encoding the file is does not matter.
  bool plain() const;
  // The pattern has a \r: it is about the line ends that a text really has.
  bool asks_for_returns() const;
  // It asks for line ends or breaks, and not for \r: a \r before a \n should count as part of it.
  bool folds_line_ends() const;
  // Every match contains this.
  const Required& required() const;
  // The pattern is invalid as a regex and searched as plain text; why. Else empty.
  const std::string& note() const;
  // Text was met that is not ASCII, and no engine takes the pattern with Unicode's meaning: there
  // ASCII's was taken.
  bool fell_to_ascii() const;

 private:
  explicit Matcher(std::unique_ptr<Engines> engines);
  std::unique_ptr<Engines> engines_;
};

}  // namespace quarry::search
