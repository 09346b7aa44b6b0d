#include "server/store/change_set.h"

#include <cerrno>

#include "server/store/lmdb_error.h"
#include "server/store/record.h"

namespace quarry::store {
namespace {

constexpr std::size_t kListedAtOnce = 256;
constexpr std::size_t kNodeBytes = 16;  // what the database adds to a key and its record
// By which a change that erases may grow all the same: numbers get longer, and what is left of a
// large state has a row until it is gone.
constexpr std::size_t kBookkeeping = 128;

}  // namespace

std::optional<std::string> ChangeSet::get(Table table, std::string_view key) {
  const RecordKey where = record_key(table, key);
  std::string bytes;
  if (const auto written = writes_.find(where.view()); written != writes_.end()) {
    if (!written->second) return std::nullopt;
    bytes = *written->second;
  } else {
    const Result<bool> found = base_.find(where.view(), bytes);
    if (!found) read_ = Failure(found.error());
    if (!found || !*found) return std::nullopt;
  }
  const std::optional<Record> record = decode_record(table, bytes);
  if (!record) {
    on_damage_();
    return std::nullopt;
  }
  if (record->key != key) return std::nullopt;
  bytes.erase(0, bytes.size() - record->payload.size());  // the payload is the record's end
  return bytes;
}

Result<std::size_t> ChangeSet::stored_bytes(std::string_view key) {
  std::string record;
  TRY_ASSIGN(const bool found, base_.find(key, record));
  return found ? key.size() + record.size() : 0;
}

Result<ChangeSet::Sizes> ChangeSet::sizes_with(std::string_view key,
                                               std::optional<std::size_t> record) {
  Sizes sizes = *sizes_;
  if (const auto written = writes_.find(key); written == writes_.end()) {
    TRY_ASSIGN(const std::size_t was, stored_bytes(key));
    sizes.before += was;
  } else if (written->second) {
    sizes.after -= key.size() + written->second->size();
  }
  if (record) sizes.after += key.size() + *record;
  return sizes;
}

// Of one more record of `record` bytes under `key`.
Result<void> ChangeSet::check_room(std::string_view key, std::size_t record) {
  const Base::Room room = base_.room(bytes_ + key.size() + record + kNodeBytes);
  if (room == Base::Room::kPlenty) return {};
  if (!sizes_) {
    Sizes sizes;
    for (const auto& [other, written] : writes_) {
      TRY_ASSIGN(const std::size_t was, stored_bytes(other));
      sizes.before += was;
      if (written) sizes.after += other.size() + written->size();
    }
    sizes_ = sizes;
  }
  TRY_ASSIGN(const Sizes sizes, sizes_with(key, record));
  if (room == Base::Room::kReserve && sizes.after <= sizes.before + kBookkeeping) return {};
  if (room == Base::Room::kDiskReserve) {
    return sizes.after <= sizes.before ? Result<void>() : Result<void>(lmdb_failure(ENOSPC));
  }
  return fail(Code::kTooLarge, "the store is full; close sessions that are no longer needed");
}

Result<void> ChangeSet::put(Table table, std::string_view key, std::string_view value) {
  TRY(check_sizes(table, key, value));
  std::string record = encode_record(table, key, value, second_);
  const RecordKey where = record_key(table, key);
  const std::size_t more = where.view().size() + record.size() + kNodeBytes;
  TRY(check_room(where.view(), record.size()));
  if (sizes_) {
    TRY_ASSIGN(sizes_, sizes_with(where.view(), record.size()));
  }
  bytes_ += more;
  ++puts_;
  writes_.insert_or_assign(std::string(where.view()), std::move(record));
  return {};
}

Result<void> ChangeSet::erase(Table table, std::string_view key) {
  if (!check_key(table, key)) return {};  // such a key cannot be there
  const RecordKey where = record_key(table, key);
  if (sizes_) {
    TRY_ASSIGN(sizes_, sizes_with(where.view(), std::nullopt));
  }
  bytes_ += where.view().size() + kNodeBytes;
  writes_.insert_or_assign(std::string(where.view()), std::nullopt);
  return {};
}

Result<void> ChangeSet::scan(Table table, std::string_view prefix, std::string_view after,
                             const Visit& visit) {
  TRY(check_key(table, prefix));
  TRY(check_key(table, after));
  const RecordKey from_prefix = record_key(table, prefix);
  std::string from(record_key(table, after).view());
  for (;;) {
    Layer own;
    for (auto write = from < from_prefix.view() ? writes_.lower_bound(from_prefix.view())
                                                : writes_.upper_bound(from);
         write != writes_.end() && write->first.starts_with(from_prefix.view()); ++write) {
      own.records.emplace_back(*write);
      if (own.records.size() < kListedAtOnce) continue;
      own.whole = false;
      own.reached = write->first;
      break;
    }
    TRY_ASSIGN(Layer stored, base_.list(from_prefix.view(), from));
    TRY_ASSIGN(const Layer part, laid_over(std::move(own), std::move(stored)));
    for (const auto& [key, bytes] : part.records) {
      if (!bytes) continue;
      const std::optional<Record> record = decode_record(table, *bytes);
      if (!record) {
        on_damage_();
      } else if (!visit(record->key, record->payload)) {
        return {};
      }
    }
    if (part.whole) return {};
    if (part.reached <= from) {
      return fail(Code::kInternal, "the store is damaged; it is set aside at the next start");
    }
    from = part.reached;
  }
}

}  // namespace quarry::store
