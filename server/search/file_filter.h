// FileFilter: which files a search takes, by glob and by type. Immutable; const, safe from any
// thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/sandbox/path.h"
#include "server/search/glob.h"

namespace quarry::search {

class FileFilter {
 public:
  FileFilter() = default;  // takes everything
  // `glob`: as tools take it; a leading '!' takes what does not match and lies in no directory that
  // does. With a '/' it is tried against the path below `start` and against the path from the root.
  // Empty: no such filter.
  static Result<FileFilter> make(std::string_view glob, std::string_view type,
                                 const sandbox::Path& start);

  bool takes_all() const { return !glob_ && !typed_; }
  // `path` is from the root.
  bool takes(std::string_view path) const;
  // The most steps that takes() does for a path of `bytes`, as Pace counts them: a glob that leaves
  // out is held against each directory of it, too.
  std::size_t steps(std::size_t bytes) const {
    constexpr std::size_t kBytesOfComponent = 16;
    return bytes * work_ * (negated_ ? 1 + bytes / kBytesOfComponent : 1);
  }

 private:
  // Whether the glob matches it, from the root or from `start`.
  bool names(std::string_view path) const;

  std::optional<Glob> glob_;
  bool negated_ = false;
  bool of_directories_ = false;  // of those that are left out
  bool typed_ = false;
  std::vector<Glob> type_;
  std::string start_;  // with its '/', or empty
  std::size_t work_ = 0;
};

// Patterns that are written as a list, `*.h, *.c` or `*.h *.c`, as one: `{*.h,*.c}`. Empty when
// `glob` is no list.
std::string listed_globs(std::string_view glob);

// A tool's glob argument, checked and freed of "./" in front; "dir/" becomes "dir/**". kInvalidArgs
// for "..", for a pattern that is empty, and for an absolute one (the caller strips the root).
Result<std::string> normal_glob(std::string_view glob, std::string_view argument);

}  // namespace quarry::search
