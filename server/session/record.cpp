#include "server/session/record.h"

#include <algorithm>

#include "server/base/bytes.h"

namespace quarry::session {
namespace {

// 3 has the ledger's flag, and is written only where it is set: older servers read the rest.
constexpr std::uint64_t kRecordVersion = 2;
constexpr std::uint64_t kLedgerVersion = 3;
constexpr std::size_t kHandleBytes = 22;

}  // namespace

std::string encode(const Record& record) {
  std::string bytes;
  bytes.reserve(64 + record.root.size() + record.label.size());
  ByteWriter writer(bytes);
  writer.number(record.ledger ? kLedgerVersion : kRecordVersion)
      .string(record.handle)
      .string(record.root)
      .string(record.label)
      .boolean(record.read_only)
      .signed_number(record.created_ms)
      .signed_number(record.used_ms)
      .signed_number(record.ttl_s)
      .number(record.version)
      .number(record.state_bytes)
      .number(record.keys)
      .boolean(record.expired)
      .boolean(record.indexed);
  if (record.ledger) writer.boolean(true);
  return bytes;
}

bool decode(std::string_view bytes, Record& record) {
  ByteReader reader(bytes);
  const std::uint64_t version = reader.number();
  if (version < 1 || version > kLedgerVersion) return false;
  record.handle = reader.string();
  record.root = reader.string();
  record.label = reader.string();
  record.read_only = reader.boolean();
  record.created_ms = reader.signed_number();
  record.used_ms = reader.signed_number();
  record.ttl_s = reader.signed_number();
  if (version == 1) {
    record.version = record.state_bytes = record.keys = 0;
    record.expired = record.indexed = false;
  } else {
    record.version = reader.number();
    record.state_bytes = reader.number();
    record.keys = reader.number();
    record.expired = reader.boolean();
    record.indexed = reader.boolean();
  }
  record.ledger = version == kLedgerVersion && reader.boolean();
  return reader.ok() && reader.at_end();
}

bool is_handle(std::string_view text) {
  return text.size() == kHandleBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

}  // namespace quarry::session
