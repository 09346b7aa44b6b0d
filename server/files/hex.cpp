#include "server/files/hex.h"

#include <algorithm>

namespace quarry::files {
namespace {

constexpr char kDigits[] = "0123456789abcdef";
// Offset, blanks, digits, bars, newline; offsets above 4 GiB take up to eight more.
constexpr std::size_t kRowChars = 8 + 2 + 3 * kHexRowBytes + 2 + 2 + kHexRowBytes + 1 + 8;

void append_address(std::string& out, std::uint64_t offset) {
  unsigned shift = 28;
  while (shift < 60 && (offset >> (shift + 4)) != 0) shift += 4;
  for (int at = static_cast<int>(shift); at >= 0; at -= 4) {
    out.push_back(kDigits[(offset >> static_cast<unsigned>(at)) & 15U]);
  }
}

}  // namespace

std::size_t fitting_hex(std::size_t max_bytes) {
  return std::max<std::size_t>(max_bytes / kRowChars, 1) * kHexRowBytes;
}

void append_hex(std::string& out, std::int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view row = bytes.substr(0, kHexRowBytes);
    append_address(out, static_cast<std::uint64_t>(offset));
    out.push_back(' ');
    for (std::size_t i = 0; i < kHexRowBytes; ++i) {
      out.append(i % 8 == 0 ? " " : "");
      if (i >= row.size()) {
        out.append("   ");
        continue;
      }
      const auto byte = static_cast<unsigned char>(row[i]);
      out.push_back(kDigits[byte >> 4U]);
      out.push_back(kDigits[byte & 15U]);
      out.push_back(' ');
    }
    out.append(" |");
    for (const char c : row) out.push_back(c >= 0x20 && c < 0x7F ? c : '.');
    out.append("|\n");
    offset += static_cast<std::int64_t>(row.size());
    bytes.remove_prefix(row.size());
  }
}

}  // namespace quarry::files
