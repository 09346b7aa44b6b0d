#include "server/edit/closest.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "server/base/format.h"
#include "server/edit/find_text.h"
#include "server/edit/lines.h"
#include "server/edit/region.h"
#include "server/edit/visible.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kShownLines = 12;  // of the region
constexpr std::size_t kMoreLines = 2;    // behind one that has other blank lines

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == line.npos;
}

// "   12\tcode", as read_file shows lines: the code.
std::string_view without_number(std::string_view line) {
  const std::size_t digits = line.find_first_not_of(' ');
  if (digits == std::string_view::npos) return line;
  const std::size_t tab = line.find_first_not_of("0123456789", digits);
  if (tab == std::string_view::npos || tab == digits || line[tab] != '\t') return line;
  return line.substr(tab + 1);
}

// Where the region differs from the old text first.
struct Mismatch {
  std::size_t line = 0;       // of the region, from 0
  std::size_t at = 0;         // of the text's line, in bytes
  std::size_t column = 0;     // the same in characters, from 1
  std::size_t wanted_at = 0;  // of the old text's line, in bytes
};

Mismatch compare(std::string_view has, std::size_t at, std::string_view wants) {
  Mismatch found{.at = at, .column = 1};
  for (std::size_t i = 0; i < at; i += point_at(has, i).length) ++found.column;
  while (found.at < has.size() && found.wanted_at < wants.size()) {
    const Point a = point_at(has, found.at);
    const Point b = point_at(wants, found.wanted_at);
    if (a.code != b.code || a.length != b.length) break;
    found.at += a.length;
    found.wanted_at += b.length;
    ++found.column;
  }
  return found;
}

// Nullopt: nowhere, as far as there are lines.
std::optional<Mismatch> first_mismatch(const std::vector<std::string_view>& lines,
                                       const Region& region,
                                       const std::vector<std::string_view>& old_lines,
                                       bool ends_within) {
  const std::size_t count = std::min(old_lines.size(), lines.size() - region.line);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view wants = without_end(old_lines[i], '\n');
    const std::string_view has = without_end(lines[region.line + i], '\n');
    const bool last = ends_within && i + 1 == old_lines.size();
    // The old text may begin and end within a line.
    if (wants == has || (i == 0 && last && find_text(has, wants) != has.npos) ||
        (i == 0 && has.ends_with(wants)) || (last && has.starts_with(wants))) {
      continue;
    }
    Mismatch found = compare(has, i == 0 ? std::min(region.at, has.size()) : 0, wants);
    found.line = i;
    return found;
  }
  return std::nullopt;
}

}  // namespace

std::string explain_miss(std::string_view text, std::string_view old_text, std::string_view name,
                         std::size_t* compared) {
  if (text.empty()) {
    return fmt::format("{} is not in the file, which is empty; use write_file", name);
  }
  std::vector<std::string_view> old_lines = split_lines(old_text, '\n');
  const std::vector<std::string_view> lines = split_lines(text, '\n');
  const bool numbered = std::all_of(old_lines.begin(), old_lines.end(), [](std::string_view line) {
    return without_number(line).size() != line.size();
  });
  if (numbered) {
    for (std::string_view& line : old_lines) line = without_number(line);
  }
  std::size_t comparisons = 0;
  const std::optional<Region> region = find_region(lines, old_lines, comparisons);
  if (compared != nullptr) *compared = comparisons;
  if (!region) {
    return fmt::format(
        "{} is not in the file, nor anything like it; read the file again, or look for the text "
        "with grep",
        name);
  }
  std::string out = fmt::format("{} is not in the file", name);
  if (numbered) {
    out += "; leave out the line numbers that read_file shows before each line";
  }
  const auto differs = first_mismatch(lines, *region, old_lines, !old_text.ends_with('\n'));
  if (differs) {
    const std::size_t line = region->line + differs->line;
    const std::string_view has = without_end(lines[line], '\n');
    const std::string_view wants = without_end(old_lines[differs->line], '\n');
    out +=
        fmt::format("; the closest is at line {}: line {}, column {} has {} where {} has {}",
                    region->line + 1, line + 1, differs->column, character_name(has, differs->at),
                    name, character_name(wants, differs->wanted_at));
  } else if (old_lines.size() > lines.size() - region->line) {
    out +=
        fmt::format("; the file ends before line {} of {}", lines.size() - region->line + 1, name);
  } else if (region->line + old_lines.size() == lines.size() && old_text.ends_with('\n') &&
             !text.ends_with('\n')) {
    out += fmt::format("; the file ends without the line break that {} ends with", name);
  }
  out += "\n";
  // Of a long region the lines around the difference.
  std::size_t end = std::min(region->line + old_lines.size(), lines.size());
  if (differs &&
      is_blank(lines[region->line + differs->line]) != is_blank(old_lines[differs->line])) {
    // Blank lines are missing or too many, which moves what is at the end.
    end = std::min(end + kMoreLines, lines.size());
  }
  std::size_t first = region->line;
  if (differs && differs->line >= kShownLines) {
    first += std::min(differs->line - kShownLines / 2, end - region->line - kShownLines);
  }
  bool tab = false;
  bool trailing = false;
  for (std::size_t i = first; i < std::min(first + kShownLines, end); ++i) {
    const bool here = differs && i == region->line + differs->line;
    const Shown shown = shown_line(without_end(lines[i], '\n'), here ? differs->at : 0);
    out += fmt::format("{:6}\t{}\n", i + 1, shown.text);
    tab = tab || shown.tab;
    trailing = trailing || shown.trailing;
  }
  out += fmt::format("({}{}{}{}copy the text of the file exactly)", tab ? "\u2192 is a TAB" : "",
                     tab && trailing ? ", " : "", trailing ? "\u00B7 a space at a line's end" : "",
                     tab || trailing ? "; " : "");
  return out;
}

}  // namespace quarry::edit
