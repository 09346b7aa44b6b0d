// The part of the unified format that is within a file: hunks.

#include <charconv>

#include "server/base/format.h"
#include "server/edit/unified.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kMostLines = 1'000'000'000;  // what a larger number is taken for

struct Header {
  std::optional<std::size_t> old_start;
  std::size_t old_count = 0;
  std::size_t new_count = 0;
  std::string_view section;  // what stands behind the second @@
};

std::optional<std::size_t> take_number(std::string_view& text) {
  std::size_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc::invalid_argument) return std::nullopt;
  if (read.ec != std::errc() || value > kMostLines) value = kMostLines;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

// "12,3" or "12", behind `mark`.
bool take_range(std::string_view& text, char mark, std::size_t& start, std::size_t& count) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  const auto first = take_number(text);
  if (!first) return false;
  start = *first;
  count = 1;
  if (!text.starts_with(',')) return true;
  text.remove_prefix(1);
  const auto second = take_number(text);
  if (!second) return false;
  count = *second;
  return true;
}

// A header without numbers is one too: what it names is looked for.
Header parse_header(std::string_view line) {
  Header header;
  std::string_view rest = trimmed_line(line.substr(2));
  const std::string_view all = rest;
  std::size_t old_start = 0;
  std::size_t new_start = 0;
  if (take_range(rest, '-', old_start, header.old_count)) {
    rest = trimmed_line(rest);
    if (take_range(rest, '+', new_start, header.new_count)) {
      header.old_start = old_start;
      return header;
    }
  }
  header.section = all;
  if (header.section.ends_with("@@")) header.section.remove_suffix(2);
  header.section = trimmed_line(header.section);
  return header;
}

struct Counts {
  std::size_t old_lines = 0;
  std::size_t new_lines = 0;
};

// Line `at` as a line of a hunk; false when it is none.
bool take_line(const PatchLines& lines, std::size_t at, bool converted, Hunk& hunk,
               Counts& counts) {
  const std::string_view raw = converted ? lines.header(at) : lines.raw(at);
  if (raw.starts_with('\\')) {
    if (hunk.lines.empty()) return false;
    PatchLine& last = hunk.lines.back();
    // The carriage return of a line without a newline is a character of it.
    if (last.end == "\r\n") last.body = {last.body.data(), last.body.size() + 1};
    last.end = {};
    return true;
  }
  PatchLine line;
  if (raw.empty() || raw == "\r" || raw.starts_with(' ')) {
    line.kind = PatchLine::Kind::kContext;  // an empty line has lost its blank
  } else if (raw.starts_with('-')) {
    line.kind = PatchLine::Kind::kRemove;
  } else if (raw.starts_with('+')) {
    line.kind = PatchLine::Kind::kAdd;
  } else {
    return false;
  }
  line.body = raw.substr(raw.empty() || raw == "\r" ? 0 : 1);
  line.end = "\n";
  if (line.body.ends_with('\r')) {
    line.body.remove_suffix(1);
    line.end = "\r\n";
  }
  counts.old_lines += line.kind != PatchLine::Kind::kAdd ? 1 : 0;
  counts.new_lines += line.kind != PatchLine::Kind::kRemove ? 1 : 0;
  hunk.lines.push_back(line);
  return true;
}

// What stands before another patch: a mail, a commit of a log, a file's properties.
bool begins_other(const PatchLines& lines, std::size_t at) {
  const std::string_view line = lines.header(at);
  if (line.starts_with("Property changes on: ")) return true;
  constexpr std::size_t kLeastId = 4;
  for (const std::string_view word : {"From ", "commit "}) {
    if (!line.starts_with(word)) continue;
    const std::string_view id = line.substr(word.size(), line.find(' ', word.size()) - word.size());
    return id.size() >= kLeastId && id.find_first_not_of("0123456789abcdef") == id.npos;
  }
  return false;
}

// Whether lines that are added or removed follow before another hunk or file begins: nobody may
// pass over those.
bool goes_on(const PatchLines& lines, std::size_t at) {
  for (; at < lines.size(); ++at) {
    if (begins_file(lines, at) || lines.starts(at, "@@") || begins_other(lines, at)) return false;
    const std::string_view line = lines.header(at);
    const bool rule = line == "---" || line == "--" || line == "-- ";  // of a mail
    if (line.starts_with('+') || (line.starts_with('-') && !rule)) return true;
  }
  return false;
}

// "-- " and a version: how a mail with a patch ends.
bool is_signature(const PatchLines& lines, std::size_t at) {
  if (lines.header(at) != "-- ") return false;
  const bool ends = at + 1 == lines.size() || lines.header(at + 1).empty() ||
                    (lines.raw(at + 1)[0] >= '0' && lines.raw(at + 1)[0] <= '9');
  return ends && !goes_on(lines, at + 1);
}

bool is_fence(std::string_view line) {
  return line.starts_with("```");
}

bool ends_hunk(const PatchLines& lines, std::size_t at) {
  return begins_file(lines, at) || lines.starts(at, "@@") || is_signature(lines, at);
}

// The name of the next file without that of the old one before it.
bool is_half_header(const PatchLines& lines, std::size_t at) {
  return lines.starts(at, "+++ ") && lines.starts(at + 1, "@@");
}

std::size_t behind_blanks(const PatchLines& lines, std::size_t at) {
  while (at < lines.size() && lines.header(at).empty()) ++at;
  return at;
}

// As many lines as the header counts; false when that is not what follows: also when the lines go
// on behind others, which may be lines of the hunk that have lost their blank.
bool take_counted(const PatchLines& lines, std::size_t& at, bool converted, const Header& header,
                  Hunk& hunk) {
  Counts counts;
  while (at < lines.size()) {
    const bool full = counts.old_lines == header.old_count && counts.new_lines == header.new_count;
    if (full && !lines.starts(at, "\\")) break;
    if (!take_line(lines, at, converted, hunk, counts)) return false;
    if (counts.old_lines > header.old_count || counts.new_lines > header.new_count) return false;
    ++at;
  }
  if (counts.old_lines != header.old_count || counts.new_lines != header.new_count) return false;
  const std::size_t next = behind_blanks(lines, at);
  if (next == lines.size() || ends_hunk(lines, next)) return true;
  return !lines.starts(next, " ") && !goes_on(lines, next);
}

}  // namespace

std::string_view named_in_header(std::string_view line) {
  return parse_header(line).section;
}

bool begins_file(const PatchLines& lines, std::size_t at) {
  if (lines.starts(at, "diff --git ") || lines.starts(at, "Index: ")) return true;
  if (lines.starts(at, "diff -") && !lines.starts(at, "diff --cc")) return true;
  return lines.starts(at, "--- ") && lines.starts(at + 1, "+++ ");
}

Result<Hunk> parse_unified_hunk(const PatchLines& lines, std::size_t& at) {
  const std::size_t first = at;
  if (lines.starts(at, "@@@")) {
    return fail(Code::kInvalidArgs,
                "line {} of the patch belongs to the diff of a merge, which cannot be applied; "
                "make the diff against one parent",
                first + 1);
  }
  const bool converted = lines.carriage_return(first);
  const Header header = parse_header(lines.header(first));
  Hunk hunk{.patch_line = first + 1, .old_start = header.old_start};
  if (!header.section.empty() && header.section != "...") hunk.anchors.push_back(header.section);
  at = first + 1;
  if (header.old_start && take_counted(lines, at, converted, header, hunk)) return hunk;
  hunk.lines.clear();
  at = first + 1;
  Counts counts;
  while (at < lines.size() && !ends_hunk(lines, at) && !is_half_header(lines, at) &&
         take_line(lines, at, converted, hunk, counts)) {
    ++at;
  }
  if (is_half_header(lines, at)) {
    return fail(Code::kInvalidArgs,
                "line {} of the patch names a file alone; two lines name it: --- a/FILE and "
                "+++ b/FILE",
                at + 1);
  }
  const auto is_blank = [](const PatchLine& line) {
    return line.kind == PatchLine::Kind::kContext && line.body.empty();
  };
  // Empty lines at its end stand between it and what follows, when nobody counts them.
  while (!hunk.lines.empty() && lines.header(at - 1).empty() && is_blank(hunk.lines.back())) {
    hunk.lines.pop_back();
    --at;
  }
  const std::size_t next = behind_blanks(lines, at);
  const bool fenced = next < lines.size() && is_fence(lines.raw(next)) && !goes_on(lines, next);
  if (next < lines.size() && !ends_hunk(lines, next) && !fenced) {
    return fail(Code::kInvalidArgs,
                "line {} of the patch is no line of the hunk that begins on line {}: such a line "
                "begins with a blank (kept), - (removed) or + (added)",
                next + 1, first + 1);
  }
  hunk.recounted = header.old_start.has_value();
  return hunk;
}

}  // namespace quarry::edit
