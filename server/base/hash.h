// Content hashes: XXH3 (fast, not cryptographic). They tell versions of a file apart and guard
// stored values against damage; they prove nothing against an attacker. Safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quarry {

std::uint64_t hash64(std::string_view bytes);

// XXH3-128 in its canonical (big-endian) form: a key of fixed length for a text of any length.
std::array<char, 16> hash128(std::string_view bytes);

// hash128 under a key that only its holder knows: nobody else can make two texts with one hash.
class KeyedHash {
 public:
  // `key`: of any form, with at least 128 bits that nobody can guess.
  explicit KeyedHash(std::string_view key);
  std::array<char, 16> hash128(std::string_view bytes) const;

 private:
  std::array<unsigned char, 192> secret_;
};

// XXH3-64 as 16 lower-case hexadecimal digits: what read_file shows and edits may expect.
std::string content_hash(std::string_view bytes);

// The same over pieces.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(const ContentHasher& other);
  ContentHasher(ContentHasher&& other) noexcept;
  ContentHasher& operator=(ContentHasher) = delete;
  void add(std::string_view bytes);
  std::uint64_t value() const;  // hash64 of what was added
  std::string finish() const;

 private:
  void* state_;
};

}  // namespace quarry
