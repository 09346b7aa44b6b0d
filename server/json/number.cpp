#include "server/json/number.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace quarry::json {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

const char* skip_digits(const char* at, const char* end) {
  while (at < end && is_digit(*at)) ++at;
  return at;
}

// The exponent's value, kept within limits that no line can make up for with digits.
std::int64_t parse_exponent(const char* at, const char* end) {
  constexpr std::int64_t kFar = 1'000'000'000'000;
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  std::int64_t value = 0;
  for (; at < end; ++at) value = std::min(value * 10 + (*at - '0'), kFar);
  return negative ? -value : value;
}

// value * 10^zeros * 10 + digit, unless that overflows.
bool push_digit(std::uint64_t& value, std::int64_t zeros, int digit) {
  if (value != 0) {
    if (zeros > 19) return false;
    for (std::int64_t i = 0; i <= zeros; ++i)
      if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return false;
  }
  return !__builtin_add_overflow(value, static_cast<std::uint64_t>(digit), &value);
}

// The number with a point or an exponent: (digits without trailing zeros) * 10^scale.
std::optional<std::int64_t> decimal_value(std::string_view token) {
  const char* at = token.data();
  const char* const end = at + token.size();
  const bool negative = *at == '-';
  if (negative) ++at;

  std::uint64_t value = 0;
  std::int64_t zeros = 0;  // since the last other digit
  std::int64_t scale = 0;
  bool after_point = false;
  for (; at < end && (is_digit(*at) || *at == '.'); ++at) {
    if (*at == '.') {
      after_point = true;
      continue;
    }
    if (after_point) --scale;
    if (*at == '0') {
      ++zeros;
      continue;
    }
    // More significant digits than fit: too large, or with a fraction. No integer either way.
    if (!push_digit(value, zeros, *at - '0')) return std::nullopt;
    zeros = 0;
  }
  if (value == 0) return 0;
  scale += zeros;
  if (at < end) scale += parse_exponent(at + 1, end);

  if (scale < 0 || scale > 19) return std::nullopt;
  for (; scale > 0; --scale)
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return std::nullopt;
  constexpr auto kMostPositive =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value > kMostPositive + (negative ? 1U : 0U)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

}  // namespace

const char* skip_number(const char* at, const char* end) {
  if (at < end && *at == '-') ++at;
  if (at == end || !is_digit(*at)) return nullptr;
  at = *at == '0' ? at + 1 : skip_digits(at, end);
  if (at < end && *at == '.') {
    const char* const digits = at + 1;
    at = skip_digits(digits, end);
    if (at == digits) return nullptr;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    const char* digits = at + 1;
    if (digits < end && (*digits == '+' || *digits == '-')) ++digits;
    at = skip_digits(digits, end);
    if (at == digits) return nullptr;
  }
  return at;
}

bool is_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  return skip_number(text.data(), end) == end && !text.empty();
}

std::optional<std::int64_t> integral_value(std::string_view token) {
  const char* const end = token.data() + token.size();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(token.data(), end, value);
  if (stop == end && error == std::errc()) return value;
  return decimal_value(token);
}

}  // namespace quarry::json
