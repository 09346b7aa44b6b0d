#include "server/files/raw_lines.h"

#include <algorithm>

#include "server/base/newlines.h"

namespace quarry::files {
namespace {

constexpr std::size_t npos = std::string_view::npos;

// The byte of '\n' lies first in little endian, second in big endian.
std::string_view pattern(LineUnit unit) {
  static constexpr std::string_view kLittle("\n\0", 2);
  static constexpr std::string_view kBig("\0\n", 2);
  return unit == LineUnit::kUtf16Le ? kLittle : kBig;
}

bool wide(LineUnit unit) {
  return unit == LineUnit::kUtf16Le || unit == LineUnit::kUtf16Be;
}

char separator(LineUnit unit) {
  return unit == LineUnit::kCr ? '\r' : '\n';
}

}  // namespace

LineUnit line_unit(const Charset& charset) {
  if (charset.kind() == CharsetKind::kUtf16Le) return LineUnit::kUtf16Le;
  return charset.kind() == CharsetKind::kUtf16Be ? LineUnit::kUtf16Be : LineUnit::kLf;
}

std::size_t unit_bytes(LineUnit unit) {
  return wide(unit) ? 2 : 1;
}

std::size_t count_line_ends(std::string_view raw, LineUnit unit) {
  if (unit == LineUnit::kLf) return count_newlines(raw);
  if (unit == LineUnit::kCr) {
    return static_cast<std::size_t>(std::count(raw.begin(), raw.end(), '\r'));
  }
  const std::string_view end = pattern(unit);
  std::size_t count = 0;
  for (std::size_t at = 0; at + 1 < raw.size(); at += 2) {
    count += raw[at] == end[0] && raw[at + 1] == end[1] ? 1U : 0U;
  }
  return count;
}

std::size_t after_line_end(std::string_view raw, std::size_t from, LineUnit unit) {
  if (!wide(unit)) {
    const std::size_t end = raw.find(separator(unit), from);
    return end == npos ? npos : end + 1;
  }
  for (std::size_t at = raw.find(pattern(unit), from & ~std::size_t{1}); at != npos;
       at = raw.find(pattern(unit), at + 1)) {
    if (at % 2 == 0) return at + 2;
  }
  return npos;
}

std::size_t after_last_line_end(std::string_view raw, LineUnit unit) {
  if (!wide(unit)) {
    const std::size_t end = raw.rfind(separator(unit));
    return end == npos ? npos : end + 1;
  }
  for (std::size_t at = raw.rfind(pattern(unit)); at != npos && at != 0;
       at = raw.rfind(pattern(unit), at - 1)) {
    if (at % 2 == 0) return at + 2;
  }
  return raw.starts_with(pattern(unit)) ? 2 : npos;
}

std::size_t offset_of_line(std::string_view raw, std::int64_t number, LineUnit unit) {
  std::size_t at = 0;
  for (; number > 1; --number) {
    at = after_line_end(raw, at, unit);
    if (at == npos) return npos;
  }
  return at;
}

}  // namespace quarry::files
