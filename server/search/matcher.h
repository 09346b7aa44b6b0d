// Matcher: one compiled search pattern. The only user of the regex library.
//
// Patterns are RE2's syntax, matched in time linear in the text; look-around and back-references
// are an error that says so. A pattern that is no valid regex is searched as plain text, and
// note() says that. Without `multiline` a match never contains a line break; with it `.` matches
// one too; `^` and `$` are those of lines in both. A pattern that is plain text, or that contains
// some, is found by comparing memory, and the regex sees only the lines that have it.
//
// Immutable after compile(); const, safe from any thread.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/limits.h"
#include "server/base/result.h"

namespace re2 {
class RE2;
}

namespace quarry::search {

struct MatchOptions {
  bool fixed = false;        // the pattern is plain text
  bool ignore_case = false;  // Unicode simple folding
  bool word = false;         // not within a longer word
  bool multiline = false;
};

struct Span {
  std::size_t begin, end;
};

class Matcher {
 public:
  static constexpr std::size_t kMaxPatternBytes = standard<std::size_t>(Limit::kPatternBytes);
  static constexpr int kMaxNesting = standard<int>(Limit::kPatternNesting);
  static constexpr std::int64_t kMaxProgramBytes = standard(Limit::kPatternMemory);

  // kInvalidArgs: too long, too deep, too large when compiled, or what is not supported.
  static Result<Matcher> compile(std::string_view pattern, const MatchOptions& options);
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  // The first match in [from, to) of `text`; what lies outside is looked at only to judge word
  // and line boundaries. Empty matches count. REQUIRES: without multiline, `from` is at the start
  // of a line (or of a piece of a long one).
  std::optional<Span> find(std::string_view text, std::size_t from, std::size_t to) const;

  bool multiline() const { return multiline_; }
  // Plain text, compared byte by byte: what encoding the text has does not matter.
  bool plain() const { return regex_ == nullptr; }
  // The pattern asks for line ends and not for \r: a \r before a \n should count as part of it.
  bool folds_line_ends() const { return folds_line_ends_; }
  // The pattern is invalid as a regex and searched as plain text; why. Else empty.
  const std::string& note() const { return note_; }

 private:
  Matcher();
  std::optional<Span> find_regex(std::string_view text, std::size_t from, std::size_t to) const;

  std::unique_ptr<re2::RE2> regex_;  // null: `needle_` is the whole pattern
  std::string needle_;               // every match contains it; may be empty
  bool multiline_ = false;
  bool folds_line_ends_ = false;
  std::string note_;
};

}  // namespace quarry::search
