// Path::enters_git_directory: the spellings of ".git" that some file system takes for it.
//
// The rules are those of git's core.protectHFS and core.protectNTFS, with the ignorable
// characters widened to Unicode's Default_Ignorable_Code_Point, which a case-folding ext4
// directory leaves out of comparison.

#include <algorithm>
#include <array>

#include "server/sandbox/path.h"

namespace quarry::sandbox {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array<Range, 17> kIgnorable{{
    {0x00AD, 0x00AD},
    {0x034F, 0x034F},
    {0x061C, 0x061C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x202A, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFF8},
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
}};

bool ignorable(char32_t point) {
  return std::ranges::any_of(kIgnorable, [point](const Range& range) {
    return point >= range.first && point <= range.last;
  });
}

// Bytes of the ignorable character at the start of `text`; 0 when there is none. Overlong and
// truncated forms are no characters for any file system, so they need no rejection here.
std::size_t ignorable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 0 || length > text.size()) return 0;
  char32_t point = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) point = (point << 6U) | (byte(i) & 0x3FU);
  return ignorable(point) ? length : 0;
}

// Whether `name` spells `wanted` (lower case), followed by nothing that NTFS keeps: trailing dots
// and spaces are dropped there, ':' starts a stream and '\' is a separator.
bool spells(std::string_view name, std::string_view wanted) {
  std::size_t matched = 0;
  while (!name.empty()) {
    const char c = name[0];
    if (const std::size_t skip = ignorable_length(name); skip > 0) {
      name.remove_prefix(skip);
      continue;
    }
    if (matched == wanted.size()) {
      if (c == ':' || c == '\\') return true;
      if (c != '.' && c != ' ') return false;
    } else {
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      if (lower != wanted[matched]) return false;
      ++matched;
    }
    name.remove_prefix(1);
  }
  return matched == wanted.size();
}

bool may_spell(char first) {
  return first == '.' || first == 'g' || first == 'G' || (first & '\x80') != 0;
}

}  // namespace

bool Path::enters_git_directory() const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (may_spell(name[0]) && (spells(name, ".git") || spells(name, "git~1"))) return true;
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return false;
}

}  // namespace quarry::sandbox
