#include "server/base/ids.h"

#include <array>
#include <cstdint>
#include <cstdlib>

#include <sys/random.h>

namespace quarry {

std::string random_id() {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<unsigned char, 16> bytes{};
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  std::string id;
  id.reserve(22);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const unsigned char byte : bytes) {
    bits = (bits << 8U) | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      id.push_back(kAlphabet[(bits >> held) & 63U]);
    }
  }
  id.push_back(kAlphabet[(bits << (6 - held)) & 63U]);
  return id;
}

}  // namespace quarry
