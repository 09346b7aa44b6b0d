// find_files: the files whose name or path matches a glob, and the answer as text: one path a
// line, from the root, escaped; what there is more; a coverage line; when nothing matched, what a
// second look found.
//
// A pattern without '/' matches the name at any depth, with '/' the path below `path`; an absolute
// one inside the root the path from the root. Symlinks are listed, not followed; directories are
// not. Sorted by mtime, newest first and then by path, or by path. The same on every run unless
// the deadline cut it, which it says.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/limits.h"
#include "server/search/engine.h"

namespace quarry::search {

enum class FileOrder : std::uint8_t { kMtime, kPath };

struct FindQuery {
  static constexpr std::uint64_t kMaxShown = standard<std::uint64_t>(Limit::kSearchShown);

  std::string_view pattern;
  sandbox::Path path;  // a directory
  FileOrder sort = FileOrder::kMtime;
  std::uint64_t limit = 100;
  std::uint64_t offset = 0;
  bool include_ignored = false;
  std::size_t max_bytes = 32'000;  // of the answer
};

struct FindAnswer {
  std::string text;
  std::uint64_t matched = 0;
  std::uint64_t files = 0;  // that were looked at
  bool complete = true;
  // The same tree gives the same answer: time cut nothing short, second looks included, and all
  // that was to be opened was.
  bool repeatable = true;
};

// kInvalidArgs (pattern), kNotFound (path), kCancelled.
Result<FindAnswer> find_files(const FindQuery& query, const Engine& engine);

}  // namespace quarry::search
