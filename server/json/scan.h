// Sixteen bytes at a time: which of them matter inside a JSON string. SSE2 is part of every x86-64;
// elsewhere the compiler gets a plain loop.
//
// REQUIRES: 16 readable bytes at `at`. Safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quarry::json {

inline constexpr std::size_t kBlock = 16;

inline void copy_block(char* to, const char* from) {
  std::memcpy(to, from, kBlock);
}

// Copies `size` bytes and returns the end of the copy. Names and values have some ten bytes: a call
// of memcpy costs as much again. Two copies that overlap take any size between their own and twice
// that.
inline char* copy_short(char* to, const char* from, std::size_t size) {
  const auto from_both_ends = [&](auto part) {
    auto last = part;
    std::memcpy(&part, from, sizeof part);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &part, sizeof part);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size > 2 * kBlock) {
    std::memcpy(to, from, size);
  } else if (size >= kBlock) {
    from_both_ends(std::array<std::uint64_t, 2>{});
  } else if (size >= sizeof(std::uint64_t)) {
    from_both_ends(std::uint64_t{});
  } else if (size >= sizeof(std::uint32_t)) {
    from_both_ends(std::uint32_t{});
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
  return to + size;
}

#if defined(__SSE2__)

// Bit i is set when at[i] is a quote or a backslash.
inline std::uint32_t quotes_and_backslashes(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(quotes, backslashes)));
}

// Bit i is set when at[i] must be escaped: a quote, a backslash, or below 0x20.
// Bit 16 + i is set when at[i] is not ASCII.
inline std::uint32_t escaped_and_high(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i special = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(special)) |
         static_cast<std::uint32_t>(_mm_movemask_epi8(bytes)) << 16U;
}

#else

inline std::uint32_t quotes_and_backslashes(const char* at) {
  std::uint32_t mask = 0;
  for (std::uint32_t i = 0; i < kBlock; ++i)
    mask |= static_cast<std::uint32_t>(at[i] == '"' || at[i] == '\\') << i;
  return mask;
}

inline std::uint32_t escaped_and_high(const char* at) {
  std::uint32_t mask = quotes_and_backslashes(at);
  for (std::uint32_t i = 0; i < kBlock; ++i) {
    const auto byte = static_cast<unsigned char>(at[i]);
    mask |= static_cast<std::uint32_t>(byte < 0x20) << i;
    mask |= static_cast<std::uint32_t>(byte >= 0x80) << (16U + i);
  }
  return mask;
}

#endif

}  // namespace quarry::json
