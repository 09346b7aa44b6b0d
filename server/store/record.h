// Record: one stored value with what is needed to trust it.
//
// In the database a record's key is its table's byte and, of a hashed table, the XXH3-128 of its
// full key (so keys of any length are accepted), of an ordered table the key itself; its value is
//
//   0  u8   format version (1)        8  u64  XXH3-64 of all bytes from 16 on
//   1  u8   table                    16  u32  second of writing (Unix time, wraps): its age
//   2  u48  zero                     20  u32  length of the key
//                                    24  u64  length of the payload
//                                    32  the key, then the payload
//
// in little-endian order. The full key is compared on reading: two keys with one hash are a miss,
// never a mix-up. Safe from any thread.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/store/store.h"

namespace quarry::store {

// The key in the database, at most kMaxOrderedKeyBytes + 1 bytes.
class RecordKey {
 public:
  RecordKey(Table table, std::string_view key);
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxOrderedKeyBytes + 1> bytes_;
  std::size_t size_ = 0;
};
inline RecordKey record_key(Table table, std::string_view key) {
  return {table, key};
}
inline std::string_view view(const RecordKey& key) {
  return key.view();
}

inline bool ordered(Table table) {
  return table == Table::kSessionState || table == Table::kSessionIndex || table == Table::kTotals;
}

// kTooLarge when the table does not take a key of this length.
Result<void> check_key(Table table, std::string_view key);

// The same for the length of a value too.
Result<void> check_sizes(Table table, std::string_view key, std::string_view value);

// Whether a table lives in the state environment; else in the cache.
inline bool durable(Table table) {
  return static_cast<std::uint8_t>(table) < 64;
}

std::string encode_record(Table table, std::string_view key, std::string_view payload,
                          std::uint32_t second);

// Views into the bytes.
struct Record {
  std::string_view key;
  std::string_view payload;
};

// nullopt when the bytes are not a whole record of `table` in the version known here.
std::optional<Record> decode_record(Table table, std::string_view bytes);

// The second of writing, without checking anything else: an untrue one only makes a cached record
// leave too early or too late.
std::uint32_t record_second(std::string_view bytes);

}  // namespace quarry::store
