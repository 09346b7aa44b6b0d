#include "server/store/record.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/base/hash.h"

namespace quarry::store {
namespace {

static_assert(std::endian::native == std::endian::little, "records are read in place");

constexpr unsigned char kVersion = 1;
constexpr std::size_t kChecksumAt = 8;
constexpr std::size_t kSummedFrom = 16;
constexpr std::size_t kSecondAt = 16;
constexpr std::size_t kKeyLengthAt = 20;
constexpr std::size_t kPayloadLengthAt = 24;
constexpr std::size_t kHeaderBytes = 32;

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

template <class Number>
void set_number(std::string& bytes, std::size_t at, Number number) {
  std::memcpy(bytes.data() + at, &number, sizeof number);
}

}  // namespace

RecordKey::RecordKey(Table table, std::string_view key) {
  bytes_[0] = static_cast<char>(table);
  if (ordered(table)) {
    key = key.substr(0, kMaxOrderedKeyBytes);
    std::copy(key.begin(), key.end(), bytes_.begin() + 1);
    size_ = key.size() + 1;
  } else {
    const std::array<char, 16> hash = hash128(key);
    std::copy(hash.begin(), hash.end(), bytes_.begin() + 1);
    size_ = hash.size() + 1;
  }
}

Result<void> check_key(Table table, std::string_view key) {
  constexpr std::size_t kMostKeyBytes = std::size_t{1} << 20U;
  const std::size_t most = ordered(table) ? kMaxOrderedKeyBytes : kMostKeyBytes;
  if (key.size() > most) {
    return fail(Code::kTooLarge, "a key of {} bytes is over the store's limit of {}", key.size(),
                most);
  }
  return {};
}

Result<void> check_sizes(Table table, std::string_view key, std::string_view value) {
  constexpr std::size_t kMostValueBytes = std::size_t{64} << 20U;
  TRY(check_key(table, key));
  if (value.size() > kMostValueBytes) {
    return fail(Code::kTooLarge, "a value of {} bytes is over the store's limit of {}",
                value.size(), kMostValueBytes);
  }
  return {};
}

std::string encode_record(Table table, std::string_view key, std::string_view payload,
                          std::uint32_t second) {
  std::string out;
  out.reserve(kHeaderBytes + key.size() + payload.size());
  out.resize(kHeaderBytes);
  out[0] = static_cast<char>(kVersion);
  out[1] = static_cast<char>(table);
  set_number(out, kSecondAt, second);
  set_number(out, kKeyLengthAt, static_cast<std::uint32_t>(key.size()));
  set_number(out, kPayloadLengthAt, static_cast<std::uint64_t>(payload.size()));
  out += key;
  out += payload;
  set_number(out, kChecksumAt, hash64(std::string_view(out).substr(kSummedFrom)));
  return out;
}

std::optional<Record> decode_record(Table table, std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  if (static_cast<unsigned char>(bytes[0]) != kVersion || bytes[1] != static_cast<char>(table)) {
    return std::nullopt;
  }
  for (std::size_t i = 2; i < kChecksumAt; ++i) {
    if (bytes[i] != 0) return std::nullopt;
  }
  if (number_at<std::uint64_t>(bytes, kChecksumAt) != hash64(bytes.substr(kSummedFrom))) {
    return std::nullopt;
  }
  const std::string_view rest = bytes.substr(kHeaderBytes);
  const std::size_t key_length = number_at<std::uint32_t>(bytes, kKeyLengthAt);
  const std::uint64_t payload_length = number_at<std::uint64_t>(bytes, kPayloadLengthAt);
  if (key_length > rest.size() || payload_length != rest.size() - key_length) return std::nullopt;
  return Record{rest.substr(0, key_length), rest.substr(key_length)};
}

std::uint32_t record_second(std::string_view bytes) {
  return bytes.size() < kHeaderBytes ? 0 : number_at<std::uint32_t>(bytes, kSecondAt);
}

}  // namespace quarry::store
