// ByteWriter, ByteReader: a compact binary form for records that are stored or sent to a helper.
//
// Unsigned integers as LEB128 (7 bits a byte, least first), signed ones zigzagged, strings as
// length and bytes. The reader treats its input as hostile: every read checks its bounds, and
// after the first failure ok() is false and all further reads answer zero or empty.
//
// Thread-compatible.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quarry {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  ByteWriter& number(std::uint64_t value) {
    if (value < 0x80) {  // most are
      out_.push_back(static_cast<char>(value));
      return *this;
    }
    std::array<char, kMostNumberBytes> bytes;
    std::size_t count = 0;
    for (; value >= 0x80; value >>= 7U) bytes[count++] = static_cast<char>(value | 0x80U);
    bytes[count++] = static_cast<char>(value);
    out_.append(bytes.data(), count);
    return *this;
  }
  ByteWriter& signed_number(std::int64_t value) {
    return number((static_cast<std::uint64_t>(value) << 1U) ^
                  static_cast<std::uint64_t>(value >> 63));
  }
  ByteWriter& boolean(bool value) { return number(value ? 1 : 0); }
  ByteWriter& string(std::string_view bytes) {
    number(bytes.size());
    out_.append(bytes);
    return *this;
  }

 private:
  static constexpr std::size_t kMostNumberBytes = 10;  // of 64 bits, 7 a byte
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    return refuse();
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
  }
  bool boolean() { return number() != 0; }
  // A view into the input.
  std::string_view string() {
    const std::uint64_t length = number();
    if (length > rest_.size()) {
      refuse();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
  }
  // A number of items that follow, each at least `least_bytes` long; 0 when that cannot be.
  std::size_t count(std::size_t least_bytes = 1) {
    const std::uint64_t items = number();
    if (items > rest_.size() / least_bytes) return static_cast<std::size_t>(refuse());
    return items;
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t refuse() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace quarry
