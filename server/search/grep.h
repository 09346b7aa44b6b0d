// grep: the search for a pattern in the text of files, and its answer as text.
//
// Answer: with content, for each file its path, then `12:text` for a matching line and `11-text`
// for context, groups of context apart by `--`; with files the paths; with counts `path:count`.
// Then what there is more and how to get it, a coverage line always, and when nothing was found
// what a second, short look found elsewhere. Paths are from the root, escaped as
// utf8::append_escaped_name does; text is valid UTF-8; a long line is cut around its match.
//
// Answers are the same on every run unless the deadline cut them, which they say.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/limits.h"
#include "server/search/engine.h"
#include "server/search/matcher.h"
#include "server/search/text_reader.h"

namespace quarry::search {

enum class OutputMode : std::uint8_t { kContent, kFiles, kCount };
enum class GrepOrder : std::uint8_t { kPath, kMtime };  // of files; kMtime: the newest first

struct GrepQuery {
  static constexpr std::uint64_t kMaxShown = standard<std::uint64_t>(Limit::kSearchShown);
  static constexpr std::size_t kMaxLineBytes =
      standard<std::size_t>(Limit::kSearchLineBytes);  // of a line that are shown

  std::string_view pattern;
  sandbox::Path path;  // a file or a directory
  std::string_view glob;
  std::string_view type;
  OutputMode mode = OutputMode::kContent;
  GrepOrder sort = GrepOrder::kPath;
  std::uint32_t before = 0;
  std::uint32_t after = 0;
  MatchOptions match;
  std::uint64_t head_limit = 100;  // matches, or files; 0: kMaxShown
  std::uint64_t offset = 0;        // of them left out
  bool include_ignored = false;
  std::size_t max_bytes = 32'000;  // of the answer
  std::int64_t max_file_bytes = TextReader::kMaxFileBytes;
};

struct GrepAnswer {
  std::string text;
  std::uint64_t matches = 0;  // at least; all when complete
  std::uint64_t files_matched = 0;
  std::uint64_t files_searched = 0;
  // The same tree gives the same answer: time cut nothing short, second looks included, and all
  // that was to be opened was.
  bool repeatable = true;
  bool complete = true;  // every file that was to be searched was
};

// kInvalidArgs (pattern, glob, type), kNotFound (path), kCancelled. Running out of time is not an
// error: the answer holds what was found.
Result<GrepAnswer> grep(const GrepQuery& query, const Engine& engine);

}  // namespace quarry::search
