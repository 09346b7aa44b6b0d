#include "server/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace quarry::utf8 {
namespace {

// Characters that change how a line reads without being seen: bidi controls, zero-width
// characters, line and paragraph separators, the byte order mark.
bool deceives(char32_t point) {
  return point == 0x061C || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x2069) ||
         point == 0xFEFF || (point >= 0x80 && point <= 0x9F);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of ASCII characters, give or take seven; eight at a time, since most text has nothing else.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  return at;
}

// Stands for itself in a name.
bool is_plain(char c) {
  return c >= 0x20 && c < 0x7F && c != '\\';
}

}  // namespace

Character next(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true, lead};
  std::size_t want = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  char32_t point = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    want = 2;
    point = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    want = 3;
    point = lead & 0x0FU;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    want = 4;
    point = lead & 0x07U;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false, 0};
  }
  for (std::size_t i = 1; i < want; ++i) {
    if (i >= bytes.size()) return {i, false, 0};
    const bool fits = i == 1 ? byte(i) >= low && byte(i) <= high : continues(bytes[i]);
    if (!fits) return {i, false, 0};
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  return {want, true, point};
}

bool valid(std::string_view bytes) {
  while (true) {
    bytes.remove_prefix(ascii_prefix(bytes));
    if (bytes.empty()) return true;
    const Character one = next(bytes);
    if (!one.valid) return false;
    bytes.remove_prefix(one.length);
  }
}

void append_repaired(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const Character one = next(bytes);
    if (one.valid) {
      out.append(bytes.substr(0, one.length));
    } else {
      out.append("\xEF\xBF\xBD");
    }
    bytes.remove_prefix(one.length);
  }
}

void append_escaped_name(std::string& out, std::string_view name) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (true) {
    std::size_t plain = 0;
    while (plain < name.size() && is_plain(name[plain])) ++plain;
    out.append(name.substr(0, plain));
    name.remove_prefix(plain);
    if (name.empty()) return;
    const Character one = next(name);
    const std::string_view bytes = name.substr(0, one.length);
    if (bytes == "\\") {
      out.append("\\\\");
    } else if (one.valid && one.point >= 0x20 && one.point != 0x7F && !deceives(one.point)) {
      out.append(bytes);
    } else {
      for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.append({'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]});
      }
    }
    name.remove_prefix(one.length);
  }
}

std::string unescape_name(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\') {
      out.push_back('\\');
      i += 1;
    } else if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' &&
               hex_digit(text[i + 2]) >= 0 && hex_digit(text[i + 3]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 2]) * 16 + hex_digit(text[i + 3])));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

void append_character(std::string& out, char32_t point) {
  const auto tail = [&](unsigned shift) {
    out.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3FU)));
  };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0U | (point >> 6U)));
    tail(0);
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | (point >> 12U)));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0U | (point >> 18U)));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t character_begin(std::string_view text, std::size_t at) {
  if (at >= text.size() || !continues(text[at])) return at;
  for (std::size_t back = 1; back <= 3 && back <= at; ++back) {
    if (continues(text[at - back])) continue;
    return next(text.substr(at - back)).length > back ? at - back : at;
  }
  return at;
}

std::string_view clip(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && continues(text[end])) --end;
  return text.substr(0, end);
}

}  // namespace quarry::utf8
