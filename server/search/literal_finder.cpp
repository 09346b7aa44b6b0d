#include "server/search/literal_finder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quarry::search {
namespace {

// How common a byte is in source text, roughly: the more the higher.
constexpr std::array<std::uint8_t, 256> kCommon = [] {
  std::array<std::uint8_t, 256> rank{};
  constexpr std::string_view kFromCommon =
      " etrinsaoldc_upfm\thbg,-0;)(v*yx.=/"
      "1k>\"2wS:RETA3IC4PNLOD8M6+75&qjz<FB9|UV{}#GHK'W!XY[]\\JQZ%?"
      "@~$^`\n";
  for (std::size_t i = 0; i < kFromCommon.size(); ++i) {
    rank[static_cast<unsigned char>(kFromCommon[i])] = static_cast<std::uint8_t>(250 - 2 * i);
  }
  for (std::size_t c = 128; c < 256; ++c) rank[c] = 30;
  rank['\n'] = 220;
  rank[0] = 60;
  return rank;
}();

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether `text`, in lower case, stands at `in` in any case.
bool stands_folded(const char* in, const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = is_letter(in[i]) ? static_cast<char>(in[i] | 0x20) : in[i];
    if (c != text[i]) return false;
  }
  return true;
}

std::size_t one_by_one(std::string_view in, std::size_t from, std::size_t to,
                       const std::string& text, bool fold) {
  if (fold) {
    for (std::size_t at = from; at + text.size() <= to; ++at) {
      if (stands_folded(in.data() + at, text)) return at;
    }
    return std::string_view::npos;
  }
  const void* hit = memmem(in.data() + from, to - from, text.data(), text.size());
  if (hit == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(hit) - in.data());
}

#if defined(__x86_64__)

// Both take `last`, the last place where the text may begin, and read from a place on up to the
// size of a vector behind its rare bytes: at most `end`.
struct LiteralSearch {
  const char* in;
  std::size_t from, last, end;
  const std::string& text;
  bool fold;
  std::size_t rare, second;

  // The bit that makes a letter a small one, where case does not matter.
  char fold_bit(std::size_t place) const { return fold && is_letter(text[place]) ? 0x20 : 0; }
  bool stands(std::size_t at) const {
    return fold ? stands_folded(in + at, text)
                : std::memcmp(in + at, text.data(), text.size()) == 0;
  }
};

// What by_avx2 compares with, kept in registers.
class Avx2Pair {
 public:
  [[gnu::target("avx2")]] explicit Avx2Pair(const LiteralSearch& s)
      : at_rare_(s.in + s.rare),
        at_second_(s.in + s.second),
        rare_(_mm256_set1_epi8(s.text[s.rare])),
        second_(_mm256_set1_epi8(s.text[s.second])),
        rare_fold_(_mm256_set1_epi8(s.fold_bit(s.rare))),
        second_fold_(_mm256_set1_epi8(s.fold_bit(s.second))) {}

  // Of the 32 places from `from` on, those that have both bytes, into `both`.
  [[gnu::target("avx2"), gnu::always_inline]] inline void find(std::size_t from,
                                                               __m256i& both) const {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at_rare_ + from));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at_second_ + from));
    both = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(a, rare_fold_), rare_),
                            _mm256_cmpeq_epi8(_mm256_or_si256(b, second_fold_), second_));
  }

 private:
  const char* at_rare_;
  const char* at_second_;
  __m256i rare_, second_, rare_fold_, second_fold_;
};

[[gnu::target("avx2")]] std::size_t by_avx2(const LiteralSearch& s, std::size_t& next) {
  const Avx2Pair pair(s);
  const std::size_t reach = std::max(s.rare, s.second) + 32;
  // Behind the last place from which 32 may be looked at.
  const std::size_t end = s.end < reach ? 0 : std::min(s.last, s.end - reach) + 1;
  // Counted in a variable of its own: `next` would be written to memory at each step.
  std::size_t from = next;
  __m256i first;
  __m256i second;
  while (from < end) {
    pair.find(from, first);
    if (from + 32 < end) {
      pair.find(from + 32, second);
      const __m256i any = _mm256_or_si256(first, second);
      if (_mm256_testz_si256(any, any) != 0) {
        from += 64;
        continue;
      }
    }
    auto hits = static_cast<std::uint32_t>(_mm256_movemask_epi8(first));
    for (; hits != 0; hits &= hits - 1) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(hits));
      if (at > s.last) break;
      if (s.stands(at)) return at;
    }
    from += 32;
  }
  next = from;
  return std::string_view::npos;
}

std::size_t by_sse2(const LiteralSearch& s, std::size_t& from) {
  const __m128i rare = _mm_set1_epi8(s.text[s.rare]);
  const __m128i second = _mm_set1_epi8(s.text[s.second]);
  const __m128i rare_fold = _mm_set1_epi8(s.fold_bit(s.rare));
  const __m128i second_fold = _mm_set1_epi8(s.fold_bit(s.second));
  const std::size_t reach = std::max(s.rare, s.second) + 16;
  for (; from <= s.last && from + reach <= s.end; from += 16) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(s.in + from + s.rare));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(s.in + from + s.second));
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(a, rare_fold), rare),
                                       _mm_cmpeq_epi8(_mm_or_si128(b, second_fold), second));
    auto hits = static_cast<std::uint32_t>(_mm_movemask_epi8(both));
    for (; hits != 0; hits &= hits - 1) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(hits));
      if (at > s.last) break;
      if (s.stands(at)) return at;
    }
  }
  return std::string_view::npos;
}

// Where the first 128 bytes of text[from, to) begin that are not all ASCII, or too few are left.
[[gnu::target("avx2")]] std::size_t skip_ascii_by_avx2(const char* text, std::size_t from,
                                                       std::size_t to) {
  for (; from + 128 <= to; from += 128) {
    const auto* const at = reinterpret_cast<const __m256i*>(text + from);
    const __m256i one = _mm256_or_si256(_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1));
    const __m256i two = _mm256_or_si256(_mm256_loadu_si256(at + 2), _mm256_loadu_si256(at + 3));
    if (_mm256_movemask_epi8(_mm256_or_si256(one, two)) != 0) break;
  }
  return from;
}

#endif

}  // namespace

LiteralFinder::LiteralFinder(std::string text, bool fold) : text_(std::move(text)), fold_(fold) {
  const auto common = [&](std::size_t i) { return kCommon[static_cast<unsigned char>(text_[i])]; };
  for (std::size_t i = 1; i < text_.size(); ++i) {
    if (common(i) < common(rare_)) rare_ = i;
  }
  second_ = rare_ == 0 && text_.size() > 1 ? 1 : 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (i != rare_ && (second_ == rare_ || common(i) < common(second_))) second_ = i;
  }
}

std::size_t LiteralFinder::find(std::string_view in, std::size_t from, std::size_t to) const {
  if (text_.empty() || to < from || to - from < text_.size()) return std::string_view::npos;
#if defined(__x86_64__)
  const LiteralSearch search{in.data(), from, to - text_.size(), to, text_, fold_, rare_, second_};
  const std::size_t hit =
      __builtin_cpu_supports("avx2") ? by_avx2(search, from) : by_sse2(search, from);
  if (hit != std::string_view::npos) return hit;
  if (to - from < text_.size()) return std::string_view::npos;
#endif
  return one_by_one(in, from, to, text_, fold_);
}

std::size_t find_non_ascii(std::string_view in, std::size_t from, std::size_t to) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) from = skip_ascii_by_avx2(in.data(), from, to);
#endif
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  const char* const text = in.data();
  const auto word = [&](std::size_t at) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text + at, sizeof bytes);
    return bytes;
  };
  for (; from + 8 <= to && (word(from) & kHigh) == 0; from += 8) {
  }
  while (from < to && static_cast<signed char>(text[from]) >= 0) ++from;
  return from;
}

}  // namespace quarry::search
