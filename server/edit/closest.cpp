#include "server/edit/closest.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "server/base/format.h"
#include "server/base/hash.h"
#include "server/base/utf8.h"
#include "server/edit/find_text.h"
#include "server/edit/lines.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kAnchors = 200;       // lines of the old text that are looked for
constexpr std::size_t kMostPlaces = 100;    // of one line; a more frequent one tells nothing
constexpr std::size_t kShownLines = 12;     // of the region
constexpr std::size_t kShownColumns = 160;  // of one of them
constexpr std::size_t kLeastLoose = 3;      // bytes of a line that may be an anchor
constexpr std::size_t kCandidates = 64;     // of the regions that are as good, the first

struct Point {
  std::uint32_t code = 0;
  std::size_t length = 1;
};

// Bad bytes count as one character each.
Point point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (length == 1 || first < 0xC2 || at + length > text.size()) return {first, 1};
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {first, 1};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return {code, length};
}

bool is_space(std::uint32_t code) {
  return code == ' ' || code == '\t' || code == 0xA0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200B) || code == 0x202F || code == 0x205F || code == 0x3000 ||
         code == 0xFEFF;
}

struct Alike {
  std::uint32_t code;
  char plain;
  const char* name;
};
constexpr auto kAlike = std::to_array<Alike>({{0x2018, '\'', "a typographic quote"},
                                              {0x2019, '\'', "a typographic quote"},
                                              {0x201C, '"', "a typographic quote"},
                                              {0x201D, '"', "a typographic quote"},
                                              {0x2010, '-', "a Unicode hyphen"},
                                              {0x2011, '-', "a non-breaking hyphen"},
                                              {0x2013, '-', "an en dash"},
                                              {0x2014, '-', "an em dash"},
                                              {0x2212, '-', "a minus sign"},
                                              {0x2026, '.', "an ellipsis"}});

// What is left of a line when all that the eye overlooks is taken away.
void append_loose(std::string& out, std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const Point point = point_at(line, at);
    at += point.length;
    if (is_space(point.code) || point.code == '\n' || point.code == '\\') continue;
    if (point.code < 0x80) {
      const char c = static_cast<char>(point.code);
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
      continue;
    }
    const auto alike = std::find_if(kAlike.begin(), kAlike.end(),
                                    [&](const Alike& one) { return one.code == point.code; });
    if (alike != kAlike.end()) {
      out.push_back(alike->plain);
    } else {
      out.append(line.substr(at - point.length, point.length));
    }
  }
}

std::string loose(std::string_view line) {
  std::string out;
  append_loose(out, line);
  return out;
}

// The same of all lines of a text, each made once.
class LooseLines {
 public:
  explicit LooseLines(const std::vector<std::string_view>& lines) {
    ends_.reserve(lines.size());
    for (const std::string_view line : lines) {
      append_loose(text_, line);
      ends_.push_back(text_.size());
    }
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t at) const {
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(text_).substr(begin, ends_[at] - begin);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

// "   12\tcode", as read_file shows lines: the code.
std::string_view without_number(std::string_view line) {
  const std::size_t digits = line.find_first_not_of(' ');
  if (digits == std::string_view::npos) return line;
  const std::size_t tab = line.find_first_not_of("0123456789", digits);
  if (tab == std::string_view::npos || tab == digits || line[tab] != '\t') return line;
  return line.substr(tab + 1);
}

struct Region {
  std::size_t line = 0;   // of the text, from 0
  std::size_t alike = 0;  // lines that are loosely the same
};

// How much of the longer line the two have in common at its start and its end, in percent.
std::size_t share(std::string_view line, std::string_view other) {
  const std::size_t shorter = std::min(line.size(), other.size());
  std::size_t before = 0;
  while (before < shorter && line[before] == other[before]) ++before;
  std::size_t after = 0;
  while (after < shorter - before &&
         line[line.size() - 1 - after] == other[other.size() - 1 - after]) {
    ++after;
  }
  return 100 * (before + after) / std::max<std::size_t>(std::max(line.size(), other.size()), 1);
}

// Where most of the old lines lie at the right distance from each other; of several such places
// the one whose other lines are most alike.
Region vote(const LooseLines& lines, const std::vector<std::string>& wanted,
            std::size_t& compared) {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < wanted.size() && i < kAnchors; ++i) {
    if (wanted[i].size() >= kLeastLoose) places[hash64(wanted[i])];
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto found = places.find(hash64(lines[i]));
    if (found != places.end() && found->second.size() <= kMostPlaces) found->second.push_back(i);
  }
  std::unordered_map<std::size_t, std::size_t> votes;  // by first line, plus the old text's length
  std::size_t most = 0;
  for (std::size_t i = 0; i < wanted.size() && i < kAnchors; ++i) {
    const auto found = places.find(hash64(wanted[i]));
    if (found == places.end() || found->second.size() > kMostPlaces) continue;
    for (const std::size_t place : found->second) {
      most = std::max(most, ++votes[place + wanted.size() - i]);
    }
  }
  std::vector<std::size_t> candidates;
  for (const auto& [first, count] : votes) {
    if (count == most) candidates.push_back(first >= wanted.size() ? first - wanted.size() : 0);
  }
  const std::size_t considered = std::min(candidates.size(), kCandidates);
  std::partial_sort(candidates.begin(),
                    candidates.begin() + static_cast<std::ptrdiff_t>(considered), candidates.end());
  Region best;
  std::size_t best_sum = 0;
  for (std::size_t at = 0; at < considered; ++at) {
    const std::size_t line = candidates[at];
    std::size_t sum = 1;
    for (std::size_t i = 0; i < wanted.size() && i < kAnchors && line + i < lines.size(); ++i) {
      sum += share(lines[line + i], wanted[i]);
      ++compared;
    }
    if (sum <= best_sum) continue;  // the first of two that are as good
    best = {.line = line, .alike = most};
    best_sum = sum;
  }
  return best;
}

// The line that begins and ends most like the first old line that says something.
Region resemble(const LooseLines& lines, const std::vector<std::string>& wanted,
                std::size_t& compared) {
  constexpr std::size_t kLeastShare = 60;  // percent
  if (wanted.empty()) return {};           // of an empty line nothing is left to compare
  std::size_t anchor = 0;
  for (std::size_t i = 1; i < wanted.size() && i < kAnchors; ++i) {
    if (wanted[i].size() > wanted[anchor].size()) anchor = i;
  }
  const std::string& old_line = wanted[anchor];
  if (old_line.size() < kLeastLoose) return {};
  Region best;
  std::size_t best_share = kLeastShare;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t alike = share(lines[i], old_line);
    ++compared;
    if (alike > best_share) {
      best_share = alike;
      best = {.line = i >= anchor ? i - anchor : 0, .alike = 1};
    }
  }
  return best;
}

std::string visible_line(std::string_view line) {
  std::string out;
  std::size_t columns = 0;
  line = without_end(line, '\n');
  const std::size_t last = line.find_last_not_of(" \t");
  for (std::size_t at = 0; at < line.size(); ++columns) {
    const Point point = point_at(line, at);
    if (columns == kShownColumns) {
      out += "...";
      break;
    }
    const bool trailing = last == std::string_view::npos || at > last;
    if (point.code == '\t') {
      out += "\u2192\t";
    } else if (point.code == ' ' && trailing) {
      out += "\u00B7";
    } else if (point.code < ' ' || (point.code >= 0x80 && is_space(point.code))) {
      out += fmt::format("<U+{:04X}>", point.code);
    } else {
      utf8::append_repaired(out, line.substr(at, point.length));
    }
    at += point.length;
  }
  return out;
}

// Blanks, control and look-alike characters by name: "a TAB", "'x'".
std::string visible_character(std::string_view line, std::size_t at) {
  if (at >= line.size()) return "the end of the line";
  const Point point = point_at(line, at);
  if (point.code == '\t') return "a TAB";
  if (point.code == ' ') return "a space";
  if (is_space(point.code)) return fmt::format("a Unicode blank (U+{:04X})", point.code);
  const auto alike = std::find_if(kAlike.begin(), kAlike.end(),
                                  [&](const Alike& one) { return one.code == point.code; });
  if (alike != kAlike.end()) return fmt::format("{} (U+{:04X})", alike->name, point.code);
  if (point.code == '\r') return "a carriage return (U+000D)";
  if (point.code < 0x20 || point.code == 0x7F) return fmt::format("U+{:04X}", point.code);
  std::string shown;
  utf8::append_repaired(shown, line.substr(at, point.length));
  return point.code < 0x80 ? "'" + shown + "'" : fmt::format("'{}' (U+{:04X})", shown, point.code);
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
  std::vector<std::string> wanted;
  for (std::string_view& line : old_lines) {
    if (numbered) line = without_number(line);
    wanted.push_back(loose(line));
  }
  const LooseLines loosely(lines);
  std::size_t comparisons = 0;
  Region region = vote(loosely, wanted, comparisons);
  if (region.alike == 0) region = resemble(loosely, wanted, comparisons);
  if (compared != nullptr) *compared = comparisons;
  if (region.alike == 0) {
    return fmt::format(
        "{} is not in the file, nor anything like it; read the file again, or look for the text "
        "with grep",
        name);
  }
  std::string out = fmt::format("{} is not in the file", name);
  if (numbered) {
    out += "; leave out the line numbers that read_file shows before each line";
  }
  // The first line that differs, and where.
  const std::size_t count = std::min(old_lines.size(), lines.size() - region.line);
  for (std::size_t i = 0; i < old_lines.size(); ++i) {
    const std::string_view wants = without_end(old_lines[i], '\n');
    if (i >= count) {
      out += fmt::format("; the file ends before line {} of {}", i + 1, name);
      break;
    }
    const std::string_view has = without_end(lines[region.line + i], '\n');
    const bool last = i + 1 == old_lines.size() && !old_text.ends_with('\n');
    const bool first = i == 0;
    // The old text may begin and end within a line.
    if (wants == has || (first && last && find_text(has, wants) != has.npos) ||
        (first && has.ends_with(wants)) || (last && has.starts_with(wants))) {
      continue;
    }
    std::size_t at = 0;
    while (at < wants.size() && at < has.size()) {
      const Point a = point_at(wants, at);
      const Point b = point_at(has, at);
      if (a.code != b.code || a.length != b.length) break;
      at += a.length;
    }
    out += fmt::format("; the closest is at line {}: line {}, column {} has {} where {} has {}",
                       region.line + 1, region.line + i + 1, at + 1, visible_character(has, at),
                       name, visible_character(wants, at));
    break;
  }
  out += "\n";
  const std::size_t shown = std::min(std::max<std::size_t>(old_lines.size(), 1), kShownLines);
  for (std::size_t i = region.line; i < std::min(region.line + shown, lines.size()); ++i) {
    out += fmt::format("{:6}\t{}\n", i + 1, visible_line(lines[i]));
  }
  out += "(\u2192 is a TAB, \u00B7 a space at a line's end; copy the text of the file exactly)";
  return out;
}

}  // namespace quarry::edit
