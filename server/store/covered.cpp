#include "server/store/covered.h"

#include <cstring>

#include "server/base/hash.h"

namespace quarry::store {

std::string encode_number(std::uint64_t number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

std::uint64_t decode_number(std::string_view bytes) {
  std::uint64_t number = 0;
  if (bytes.size() >= sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

std::string encode_covered(const Covered& covered) {
  std::string bytes = encode_number(covered.epoch) + encode_number(covered.change);
  return bytes + encode_number(hash64(bytes));
}

Covered decode_covered(std::string_view bytes) {
  constexpr std::size_t kBody = 2 * sizeof(std::uint64_t);
  if (bytes.size() != kBody + sizeof(std::uint64_t) ||
      decode_number(bytes.substr(kBody)) != hash64(bytes.substr(0, kBody))) {
    return {};
  }
  return {decode_number(bytes), decode_number(bytes.substr(sizeof(std::uint64_t)))};
}

}  // namespace quarry::store
