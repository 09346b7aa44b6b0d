#include "server/search/coverage.h"

#include "server/base/format.h"

namespace quarry::search {

std::string counted(std::uint64_t count, std::string_view noun) {
  if (count == 1) return fmt::format("1 {}", noun);
  const bool es = noun.ends_with("ch");
  if (noun.ends_with("ry")) {
    return fmt::format("{} {}ies", count, noun.substr(0, noun.size() - 1));
  }
  return fmt::format("{} {}{}", count, noun, es ? "es" : "s");
}

void Parts::add(std::uint64_t count, std::string_view what) {
  if (count > 0) add(fmt::format("{} {}", count, what));
}

void Parts::add(std::string_view text) {
  if (text.empty()) return;
  if (!text_.empty()) text_.append(", ");
  text_.append(text);
}

void add_walk(Parts& parts, const EntryCounts& walk, std::string_view verb) {
  parts.add(walk.symlinks, walk.symlinks == 1 ? "symlink" : "symlinks");
  parts.add(walk.special, "special");
  parts.add(walk.unreadable,
            walk.unreadable == 1 ? "unreadable directory" : "unreadable directories");
  if (walk.too_deep > 0) {
    parts.add(fmt::format("{} more than {} deep", counted(walk.too_deep, "directory"),
                          WalkOptions::kMaxDepth));
  }
  if (walk.worktrees > 0) {
    parts.add(fmt::format(
        "{} of the same repository ({})", counted(walk.worktrees, "linked worktree"),
        walk.worktrees == 1 ? "name its path to search it" : "name their paths to search them"));
  }
  if (walk.ignored_files + walk.ignored_directories == 0) return;
  std::string ignored;
  if (walk.ignored_files > 0) ignored = counted(walk.ignored_files, "ignored file");
  if (walk.ignored_directories > 0) {
    if (!ignored.empty()) ignored += " and ";
    ignored += counted(walk.ignored_directories,
                       walk.ignored_files > 0 ? "directory" : "ignored directory");
  }
  parts.add(fmt::format("{} (include_ignored=true {} {})", ignored, verb,
                        walk.ignored_files + walk.ignored_directories == 1 ? "it" : "them"));
}

void add_snapshot(Parts& parts, const EntryCounts& walk) {
  parts.add(walk.symlinks, walk.symlinks == 1 ? "symlink" : "symlinks");
  parts.add(walk.special, walk.special == 1 ? "submodule" : "submodules");
}

void append_walk_notes(std::string& out, const Walk& walk) {
  append_cuts(out, walk.stopped, walk.full_at);
  append_notes(out, walk.notes);
  if (walk.noted > walk.notes.size()) {
    out += fmt::format("note: and {} more of these\n", walk.noted - walk.notes.size());
  }
}

void append_cuts(std::string& out, bool stopped, std::size_t full_at) {
  if (stopped) {
    out += "incomplete: time was up before all directories were read; narrow path\n";
  }
  if (full_at > 0) {
    out += fmt::format("incomplete: more than {} entries; narrow path\n", full_at);
  }
}

void append_notes(std::string& out, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) out += fmt::format("note: {}\n", note);
}

}  // namespace quarry::search
