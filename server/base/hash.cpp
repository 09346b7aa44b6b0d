#include "server/base/hash.h"

#include <cstring>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quarry {
namespace {

std::string hex(std::uint64_t value) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = kHex[value & 15U];
  return text;
}

std::array<char, 16> canonical(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::array<char, 16> out{};
  static_assert(sizeof canonical.digest == out.size());
  std::memcpy(out.data(), canonical.digest, out.size());
  return out;
}

}  // namespace

std::uint64_t hash64(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::array<char, 16> hash128(std::string_view bytes) {
  return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

KeyedHash::KeyedHash(std::string_view key) : secret_{} {
  XXH3_generateSecret(secret_.data(), secret_.size(), key.data(), key.size());
}

std::array<char, 16> KeyedHash::hash128(std::string_view bytes) const {
  return canonical(
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size()));
}

std::string content_hash(std::string_view bytes) {
  return hex(hash64(bytes));
}

ContentHasher::ContentHasher() : state_(XXH3_createState()) {
  XXH3_64bits_reset(static_cast<XXH3_state_t*>(state_));
}
ContentHasher::~ContentHasher() {
  XXH3_freeState(static_cast<XXH3_state_t*>(state_));
}
ContentHasher::ContentHasher(const ContentHasher& other) : state_(XXH3_createState()) {
  XXH3_copyState(static_cast<XXH3_state_t*>(state_),
                 static_cast<const XXH3_state_t*>(other.state_));
}
ContentHasher::ContentHasher(ContentHasher&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)) {}
void ContentHasher::add(std::string_view bytes) {
  XXH3_64bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}
std::uint64_t ContentHasher::value() const {
  return XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_));
}
std::string ContentHasher::finish() const {
  return hex(value());
}

}  // namespace quarry
