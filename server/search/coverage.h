// Coverage: what a search looked at and what it did not, as the last line of its answer says it.
// Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/search/walk.h"

namespace quarry::search {

// "1 file", "2 files": `noun` with an s unless `count` is 1.
std::string counted(std::uint64_t count, std::string_view noun);

// Joins parts with ", "; empty parts and zero counts are left out.
class Parts {
 public:
  void add(std::uint64_t count, std::string_view what);  // "3 binary"
  void add(std::string_view text);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// What the walk left out: ignored entries with what would include them, symlinks, special files,
// what could not be read. `verb` is what include_ignored would do: "searches", "lists".
void add_walk(Parts& parts, const EntryCounts& walk, std::string_view verb);

// What a walk of a snapshot left out: symlinks and submodules.
void add_snapshot(Parts& parts, const EntryCounts& walk);

// Lines about what cut the walk short, and about ignore files that were not read.
void append_walk_notes(std::string& out, const Walk& walk);
void append_cuts(std::string& out, bool stopped, std::size_t full_at);
void append_notes(std::string& out, const std::vector<std::string>& notes);

}  // namespace quarry::search
