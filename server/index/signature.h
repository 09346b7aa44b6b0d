// Signature: what is kept of one text's trigrams: a bit set for each, by a hash (a Bloom filter
// with one hash function), four to eight bits a trigram long. It depends on the text alone, so it
// can be stored under the text's content id and used for every file that has that content.
//
// A text whose signature lacks one of a query's bits does not satisfy the query. Value;
// thread-compatible.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/index/trigrams.h"

namespace quarry::index {

class Signature {
 public:
  // Raise when the folding, the hash or the lengths change: what was stored before is void then.
  static constexpr std::uint32_t kVersion = 2;
  static constexpr unsigned kShortest = 6;  // of lengths in bits, as powers of two
  static constexpr unsigned kLongest = 22;

  static Signature of(std::span<const Trigram> trigrams);
  // From bytes(); nothing when they are no signature.
  static std::optional<Signature> from_bytes(std::string_view bytes);

  unsigned length_log2() const { return length_log2_; }
  // Its bits, the first in the lowest place: 2^length_log2() / 8 bytes.
  const std::string& bytes() const { return bits_; }

  // Which bit a trigram has.
  static std::size_t bit_of(Trigram trigram, unsigned length_log2) {
    return (trigram * 0x9E3779B1U) >> (32 - length_log2);  // Fibonacci hashing
  }

 private:
  Signature(unsigned length_log2, std::string bits)
      : length_log2_(length_log2), bits_(std::move(bits)) {}

  unsigned length_log2_;
  std::string bits_;
};

}  // namespace quarry::index
