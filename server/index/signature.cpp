#include "server/index/signature.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace quarry::index {
namespace {

constexpr std::size_t kBitsATrigram = 4;  // at least

unsigned length_for(std::size_t trigrams) {
  const std::size_t bits = std::bit_ceil(std::max<std::size_t>(trigrams * kBitsATrigram, 1));
  return std::clamp(static_cast<unsigned>(std::countr_zero(bits)), Signature::kShortest,
                    Signature::kLongest);
}

}  // namespace

Signature Signature::of(std::span<const Trigram> trigrams) {
  const unsigned length = length_for(trigrams.size());
  std::string bits((std::size_t{1} << length) / 8, '\0');
  for (const Trigram trigram : trigrams) {
    const std::size_t bit = bit_of(trigram, length);
    bits[bit / 8] = static_cast<char>(static_cast<unsigned char>(bits[bit / 8]) | 1U << bit % 8);
  }
  return {length, std::move(bits)};
}

std::optional<Signature> Signature::from_bytes(std::string_view bytes) {
  const std::size_t length = bytes.size() * 8;
  if (!std::has_single_bit(length)) return std::nullopt;
  const auto length_log2 = static_cast<unsigned>(std::countr_zero(length));
  if (length_log2 < kShortest || length_log2 > kLongest) return std::nullopt;
  return Signature(length_log2, std::string(bytes));
}

}  // namespace quarry::index
