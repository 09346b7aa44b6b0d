#include "server/base/figures.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

namespace quarry {

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_count(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0 && (length - i) % 3 == 0) out.push_back(',');
    out.push_back(digits[i]);
  }
}

void append_size(std::string& out, std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> kUnits = {" KiB", " MiB", " GiB", " TiB"};
  if (bytes < 1024) {
    append_count(out, bytes);
    out.append(" B");
    return;
  }
  std::size_t unit = 0;
  std::uint64_t scale = 1024;
  // Up to the next unit where rounding would print 1024.0.
  while (unit + 1 < kUnits.size() && bytes >= scale * 1024 - scale / 20) {
    scale *= 1024;
    ++unit;
  }
  std::uint64_t whole = bytes / scale;
  std::uint64_t tenths = ((bytes % scale) * 10 + scale / 2) / scale;
  if (tenths == 10) {
    whole += 1;
    tenths = 0;
  }
  append_count(out, whole);
  out.push_back('.');
  out.push_back(static_cast<char>('0' + tenths));
  out.append(kUnits[unit]);
}

void append_hash(std::string& out, std::uint64_t hash) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<char, 16> text;
  for (std::size_t i = text.size(); i-- > 0; hash >>= 4U) text[i] = kHex[hash & 15U];
  out.append(text.data(), text.size());
}

// std::chrono's calendar instead of gmtime_r, which takes the time zone's lock.
UtcText utc_text(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto of_day = static_cast<unsigned>((time - day).count());
  UtcText text = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0',
                  'T', '0', '0', ':', '0', '0', ':', '0', '0', 'Z'};
  const auto two_digits = [&text](std::size_t at, unsigned value) {
    text[at] = static_cast<char>('0' + value / 10);
    text[at + 1] = static_cast<char>('0' + value % 10);
  };
  const auto year = static_cast<unsigned>(static_cast<int>(date.year())) % 10'000;
  two_digits(0, year / 100);
  two_digits(2, year % 100);
  two_digits(5, static_cast<unsigned>(date.month()));
  two_digits(8, static_cast<unsigned>(date.day()));
  two_digits(11, of_day / 3600);
  two_digits(14, of_day / 60 % 60);
  two_digits(17, of_day % 60);
  return text;
}

void append_utc(std::string& out, std::int64_t seconds) {
  const UtcText text = utc_text(seconds);
  out.append(text.data(), text.size());
}

}  // namespace quarry
