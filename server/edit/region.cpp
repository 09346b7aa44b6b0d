#include "server/edit/region.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "server/base/hash.h"
#include "server/edit/common_ends.h"
#include "server/edit/find_text.h"
#include "server/edit/visible.h"

namespace quarry::edit {
namespace {

constexpr std::size_t kAnchors = 200;     // lines of the old text that are looked for
constexpr std::size_t kMostPlaces = 100;  // of one line; a more frequent one tells nothing
constexpr std::size_t kLeastLoose = 3;    // bytes of a line that may be an anchor
constexpr std::size_t kLeastShare = 60;   // percent of a line that is like another
constexpr std::size_t kCandidates = 64;   // of the regions that are as good, the first

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
    if (const char plain = plain_for(point.code)) {
      out.push_back(plain);
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

struct Place {
  std::size_t line = 0;   // of the text, from 0
  std::size_t alike = 0;  // lines that are loosely the same; 0: none
};

// Where most of the old lines lie at the right distance from each other; of several such places
// the one whose other lines are most alike.
Place vote(const LooseLines& lines, const std::vector<std::string>& wanted, std::size_t& compared) {
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
  Place best;
  std::size_t best_sum = 0;
  for (std::size_t at = 0; at < considered; ++at) {
    const std::size_t line = candidates[at];
    std::size_t sum = 1;
    for (std::size_t i = 0; i < wanted.size() && i < kAnchors && line + i < lines.size(); ++i) {
      const std::size_t alike = share(lines[line + i], wanted[i]);
      // Where a line is missing or too many what comes before it tells the place.
      sum += i == 0 ? 2 * alike : alike;
      ++compared;
    }
    if (sum <= best_sum) continue;  // the first of two that are as good
    best = {.line = line, .alike = most};
    best_sum = sum;
  }
  return best;
}

// Where in `line` a text lies that may begin and end within it, and how much of the text, in
// percent: it begins or ends there as it should.
struct Within {
  std::size_t at = 0;
  std::size_t share = 0;
};
Within find_within(std::string_view line, std::string_view wanted) {
  const std::size_t part = wanted.size() * kLeastShare / 100 + 1;
  const std::size_t head = find_text(line, wanted.substr(0, part));
  if (head != line.npos) {
    return {head, 100 * common_start(line.substr(head), wanted) / wanted.size()};
  }
  const std::size_t tail = find_text(line, wanted.substr(wanted.size() - part));
  if (tail == line.npos) return {};
  std::size_t same = part;
  const std::size_t end = tail + part;
  while (same < end && line[end - same - 1] == wanted[wanted.size() - same - 1]) ++same;
  return {end > wanted.size() ? end - wanted.size() : 0, 100 * same / wanted.size()};
}

// The line that begins and ends most like the longest old line or, when that is the first, has it
// within.
std::optional<std::size_t> resemble(const LooseLines& lines, const std::vector<std::string>& wanted,
                                    std::size_t& compared) {
  if (wanted.empty()) return std::nullopt;  // of an empty line nothing is left to compare
  std::size_t anchor = 0;
  for (std::size_t i = 1; i < wanted.size() && i < kAnchors; ++i) {
    if (wanted[i].size() > wanted[anchor].size()) anchor = i;
  }
  const std::string& old_line = wanted[anchor];
  if (old_line.size() < kLeastLoose) return std::nullopt;
  std::optional<std::size_t> best;
  std::pair best_share(kLeastShare, std::size_t{100});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t whole = share(lines[i], old_line);
    const std::size_t within = anchor == 0 ? find_within(lines[i], old_line).share : 0;
    ++compared;
    const std::pair alike(std::max(whole, within), whole);
    if (alike > best_share) {
      best_share = alike;
      best = i >= anchor ? i - anchor : 0;
    }
  }
  return best;
}

// The offset of the character of which the byte `at` of the loose line was made.
std::size_t offset_of(std::string_view line, std::size_t at) {
  std::string made;
  for (std::size_t offset = 0; offset < line.size();) {
    const std::size_t length = point_at(line, offset).length;
    append_loose(made, line.substr(offset, length));
    if (made.size() > at) return offset;
    offset += length;
  }
  return line.size();
}

}  // namespace

std::optional<Region> find_region(const std::vector<std::string_view>& lines,
                                  const std::vector<std::string_view>& old_lines,
                                  std::size_t& compared) {
  std::vector<std::string> wanted;
  wanted.reserve(old_lines.size());
  for (const std::string_view line : old_lines) wanted.push_back(loose(line));
  const LooseLines loosely(lines);
  const Place voted = vote(loosely, wanted, compared);
  const auto line =
      voted.alike > 0 ? std::optional(voted.line) : resemble(loosely, wanted, compared);
  if (!line) return std::nullopt;
  Region region{.line = *line};
  const bool whole = wanted[0].empty() || is_space(point_at(old_lines[0], 0).code);
  if (!whole) {
    const std::string_view has = loosely[*line];
    std::size_t at = find_within(has, wanted[0]).at;
    if (common_start(has.substr(at), wanted[0]) < common_start(has, wanted[0])) at = 0;
    region.at = offset_of(lines[*line], at);
  }
  return region;
}

}  // namespace quarry::edit
