#include "server/session/session.h"

#include "server/base/bytes.h"

namespace quarry::session {
namespace {

constexpr std::uint64_t kRecordVersion = 1;

}  // namespace

std::string encode(const Record& record) {
  std::string bytes;
  ByteWriter(bytes)
      .number(kRecordVersion)
      .string(record.handle)
      .string(record.root)
      .string(record.label)
      .boolean(record.read_only)
      .signed_number(record.created_ms)
      .signed_number(record.used_ms)
      .signed_number(record.ttl_s);
  return bytes;
}

bool decode(std::string_view bytes, Record& record) {
  ByteReader reader(bytes);
  if (reader.number() != kRecordVersion) return false;
  record.handle = reader.string();
  record.root = reader.string();
  record.label = reader.string();
  record.read_only = reader.boolean();
  record.created_ms = reader.signed_number();
  record.used_ms = reader.signed_number();
  record.ttl_s = reader.signed_number();
  return reader.ok() && reader.at_end();
}

Session::Session(Record record, std::shared_ptr<const sandbox::Workspace> workspace,
                 std::shared_ptr<git::GitClient> git)
    : record_(std::move(record)),
      workspace_(std::move(workspace)),
      git_(std::move(git)),
      used_ms_(record_.used_ms) {}

Record Session::record() const {
  Record now = record_;
  now.used_ms = used_ms_.load(std::memory_order_relaxed);
  return now;
}

}  // namespace quarry::session
