// Ignore rules: which entries of a tree git, and `.ignore` files, leave out.
//
// IgnoreRules is one file of patterns; IgnoreLevel puts the files of one directory on top of
// those of its parents. Order of precedence: `.ignore` files, then `.gitignore` files, then
// .git/info/exclude, then the file that the repository's core.excludesFile names; among files of a
// kind the deeper wins, within a file the last match wins. A directory that holds a `.git` is a
// repository of its own: git rules from above end there, and its core.ignoreCase says whether its
// git rules tell upper case from lower. Below an excluded directory nothing is asked: the walk
// does not enter it, which is why a negation there has no effect, as in git.
//
// Differences to git, each by a rule:
// * What only the user's or the system's git configuration ignores is not ignored: those files lie
//   outside the root. Nor is a core.excludesFile outside the tree obeyed; a note says so.
// * A tracked file that a rule ignores is ignored: the rules alone decide, as in ripgrep. It counts
//   among the ignored ones that each answer tells of, which are searched when nothing else matches.
// * A `**` glued to a literal (`foo**/bar`) stays within its component, as git's documentation
//   says. git before 2.41 compared pointers into different buffers there, so that its answer
//   depended on their addresses.
//
// Immutable; const, safe from any thread.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/result.h"
#include "server/search/glob.h"
#include "server/search/stop.h"

namespace quarry::search {

class IgnoreRules {
 public:
  static constexpr std::size_t kMaxBytes = 1024 * 1024;
  static constexpr std::size_t kMaxPatterns = 10'000;

  enum class Verdict : std::uint8_t { kNone, kIgnored, kIncluded };

  IgnoreRules() = default;
  // Reads the bytes of one ignore file. kTooLarge over kMaxBytes or kMaxPatterns.
  static Result<IgnoreRules> parse(std::string_view bytes, bool fold_case = false);

  bool empty() const { return patterns_.empty(); }
  // What the last matching pattern says of `path`, relative to the directory of the file. Means
  // nothing once `pace` is over.
  Verdict judge(std::string_view path, bool is_directory, Pace* pace = nullptr) const;

 private:
  struct Pattern {
    Glob glob;
    // What a match starts and ends with and holds somewhere, as far as that is plain text: tells
    // most names apart before the glob is tried. Empty when case is folded.
    std::string head, tail, inside;
    bool negated, directories_only;
  };
  // A pattern that only trying finds.
  struct Other {
    std::uint32_t number;
    std::uint16_t length;  // of the pattern
  };
  // Tells by a text's ends which of up to 64 others may match it: a bit for each.
  class Ends {
   public:
    static constexpr std::size_t kMost = 64;
    void add(std::size_t place, const Pattern& pattern, bool anchored);
    // The path and its last component have the same end.
    std::uint64_t candidates(std::string_view path, std::string_view name, bool is_directory) const;
    bool anchored(std::size_t place) const { return (anchored_ >> place & 1) != 0; }

   private:
    static constexpr std::size_t kLetters = 32;  // by their lowest bits
    std::array<std::uint64_t, kLetters> first_{};
    std::array<std::uint64_t, kLetters> last_{};
    std::uint64_t anchored_ = 0;
    std::uint64_t directories_only_ = 0;
  };
  // Tells most texts apart from those of an index by their lengths.
  struct Lengths {
    static constexpr std::size_t kMost = 63;  // and longer
    void add(std::size_t length) { bits |= 1ULL << std::min(length, kMost); }
    bool may_have(std::size_t length) const { return (bits >> std::min(length, kMost) & 1) != 0; }
    std::uint64_t bits = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Index {
    std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>> numbers;
    Lengths lengths;
  };
  static void set_fixed(Pattern& pattern, std::string_view line);
  bool matches(const Other& other, std::string_view text, Pace* pace) const;
  void try_others(std::string_view path, std::string_view name, bool is_directory, Pace* pace,
                  std::int64_t& best) const;
  void add(std::string_view line);
  void look_up(const Index& index, std::string_view key, bool is_directory,
               std::int64_t& best) const;

  bool fold_ = false;
  std::vector<Pattern> patterns_;
  // Where the numbers of the patterns are found, ascending: most ignore files are long lists of
  // plain names and `*.ext`, and a look-up spares trying them one by one.
  Index names_;
  Index paths_;
  Index extensions_;  // with the dot
  std::vector<Other> others_;
  std::vector<Ends> ends_;  // of 64 others each
};

struct IgnoreLevel {
  std::shared_ptr<const IgnoreLevel> parent;  // shared with the levels of sibling directories
  std::size_t base = 0;                       // bytes of the directory's path and its '/'
  bool repository = false;                    // git rules of the parents do not apply
  bool fold_case = false;                     // of the git rules from here down
  bool unsure = false;  // a file, here or above, could not be read for a reason that may be over
  std::uint64_t identity = 0;          // hash of what this level was made from
  std::size_t bytes = 0;               // of that
  std::vector<std::string> far_files;  // of its rules, those in other directories
  IgnoreRules ignore;
  IgnoreRules git;
  IgnoreRules exclude;
  IgnoreRules global;  // core.excludesFile
};

// Whether `path` (relative to the root) is left out by `level` and its parents. `level` may be
// null: nothing is. Means nothing once `pace` is over.
bool ignored(const IgnoreLevel* level, std::string_view path, bool is_directory,
             Pace* pace = nullptr);

}  // namespace quarry::search
