#include <array>
#include <cstdint>

#include "server/json/writer.h"

namespace quarry::json {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two letters for every twelve bits: half the look-ups of one letter for six.
constexpr std::array<std::array<char, 2>, 4096> kPairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = {kAlphabet[i >> 6U], kAlphabet[i & 63U]};
  return table;
}();

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    const auto& high = kPairs[bits >> 12U];
    const auto& low = kPairs[bits & 4095U];
    *to++ = high[0];
    *to++ = high[1];
    *to++ = low[0];
    *to++ = low[1];
  }
  if (i == bytes.size()) return;
  const bool two = i + 2 == bytes.size();
  const std::uint32_t bits = byte(i) << 16U | (two ? byte(i + 1) << 8U : 0);
  *to++ = kAlphabet[bits >> 18U];
  *to++ = kAlphabet[bits >> 12U & 63U];
  *to++ = two ? kAlphabet[bits >> 6U & 63U] : '=';
  *to++ = '=';
}

}  // namespace quarry::json
