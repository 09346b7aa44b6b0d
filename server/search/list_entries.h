// list_entries: a directory as an indented tree, or what is known of one file, as text.
//
// Directories end in '/', symlinks show their target, or that it leads out of the root; they are
// not followed. A directory below the depth shows how many entries it has. Ignored entries are
// left out and named in the last lines. Lines are in path order; a page that starts within a
// directory repeats the directories above it.
//
// In a snapshot everything that it holds is listed, whatever the ignore rules.
//
// Safe from any thread.

#pragma once

#include <cstdint>
#include <string>

#include "server/base/limits.h"
#include "server/search/engine.h"

namespace quarry::search {

struct ListQuery {
  static constexpr std::size_t kMaxEntries =
      standard<std::size_t>(Limit::kListEntries);  // that one call reads from disk
  // Of ignore rules, as Pace counts them: about a tenth of a second. The thread may be the
  // reader's, where nobody could cancel the call.
  static constexpr std::int64_t kMaxSteps = 64'000'000;

  sandbox::Path path;
  int depth = 1;
  std::uint64_t limit = 200;
  std::uint64_t offset = 0;
  bool sizes = false;
  bool include_ignored = false;
  std::size_t max_bytes = 32'000;  // of the answer
};

struct ListAnswer {
  std::string text;
  // The same tree gives the same answer: time cut nothing short, and all that was to be read was.
  bool repeatable = true;
};

// kNotFound, kDenied, kCancelled.
Result<ListAnswer> list_entries(const ListQuery& query, const Engine& engine);

}  // namespace quarry::search
