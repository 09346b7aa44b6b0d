#include "server/edit/visible.h"

#include <algorithm>
#include <array>

#include "server/base/format.h"
#include "server/base/utf8.h"

namespace quarry::edit {
namespace {

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

const Alike* find_alike(std::uint32_t code) {
  const auto found = std::find_if(kAlike.begin(), kAlike.end(),
                                  [&](const Alike& one) { return one.code == code; });
  return found == kAlike.end() ? nullptr : &*found;
}

}  // namespace

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

char plain_for(std::uint32_t code) {
  const Alike* const alike = find_alike(code);
  return alike != nullptr ? alike->plain : '\0';
}

Shown shown_line(std::string_view line, std::size_t at) {
  constexpr std::size_t kMostBefore = kShownColumns / 2;  // of the character that is asked for
  Shown shown;
  std::size_t from = at;
  for (std::size_t before = 0; before < kMostBefore && from > 0; ++before) {
    // To the first byte of a character, were it one of several.
    do --from;
    while (from > 0 && at - from < 4 * kMostBefore &&
           (static_cast<unsigned char>(line[from]) & 0xC0U) == 0x80U);
  }
  if (at < kShownColumns) from = 0;
  if (from > 0) shown.text = "...";
  const std::size_t last = line.find_last_not_of(" \t");
  std::size_t columns = 0;
  for (std::size_t next = from; next < line.size(); ++columns) {
    const Point point = point_at(line, next);
    if (columns == kShownColumns) {
      shown.text += "...";
      break;
    }
    const bool trailing = last == std::string_view::npos || next > last;
    if (point.code == '\t') {
      shown.text += "\u2192\t";
      shown.tab = true;
    } else if (point.code == ' ' && trailing) {
      shown.text += "\u00B7";
      shown.trailing = true;
    } else if (point.code < ' ' || (point.code >= 0x80 && is_space(point.code))) {
      shown.text += fmt::format("<U+{:04X}>", point.code);
    } else {
      utf8::append_repaired(shown.text, line.substr(next, point.length));
    }
    next += point.length;
  }
  return shown;
}

std::string character_name(std::string_view line, std::size_t at) {
  if (at >= line.size()) return "the end of the line";
  const Point point = point_at(line, at);
  if (point.code == '\t') return "a TAB";
  if (point.code == ' ') return "a space";
  if (is_space(point.code)) return fmt::format("a Unicode blank (U+{:04X})", point.code);
  const Alike* const alike = find_alike(point.code);
  if (alike != nullptr) return fmt::format("{} (U+{:04X})", alike->name, point.code);
  if (point.code == '\r') return "a carriage return (U+000D)";
  if (point.code < 0x20 || point.code == 0x7F) return fmt::format("U+{:04X}", point.code);
  std::string shown;
  utf8::append_repaired(shown, line.substr(at, point.length));
  return point.code < 0x80 ? "'" + shown + "'" : fmt::format("'{}' (U+{:04X})", shown, point.code);
}

}  // namespace quarry::edit
