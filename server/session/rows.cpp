#include "server/session/rows.h"

#include <algorithm>

#include "server/base/bytes.h"

namespace quarry::session::rows {
namespace {

using store::Table;
using store::Transaction;

// Of a state that is erased in one transaction.
constexpr std::size_t kPartKeys = 256;
constexpr std::size_t kPartBytes = std::size_t{1} << 20U;

std::optional<Record> decoded(const std::optional<std::string>& stored) {
  std::optional<Record> record(std::in_place);
  if (!stored || !decode(*stored, *record)) record.reset();
  return record;
}

Totals decode_totals(const std::optional<std::string>& value) {
  if (!value) return {};
  ByteReader reader(*value);
  Totals totals;
  totals.sessions = reader.number();
  totals.expired = reader.number();
  totals.state_bytes = reader.number();
  return totals;
}

Result<void> put_totals(Transaction& change, const Totals& totals) {
  std::string value;
  ByteWriter(value).number(totals.sessions).number(totals.expired).number(totals.state_bytes);
  return change.put(Table::kTotals, kTotalsKey, value);
}

struct Row {
  std::string key;
  std::string value;
};

Row label_row(const Record& record) {
  return {label_key(record), root_hash(record.root)};
}

// That a record has in the index, apart from its label's.
std::vector<Row> rows_of(const Record& record) {
  if (record.handle == kDefaultHandle) return {};
  if (record.expired) return {{forget_key(record.expires_ms(), id_of(record)), {}}};
  if (!record.indexed) return {};
  return {{expiry_key(record.expires_ms(), record.handle), {}},
          {created_key(record), root_hash(record.root)},
          {root_key(record), {}}};
}

std::vector<Row> all_rows_of(const Record& record) {
  std::vector<Row> all = rows_of(record);
  if (all.size() > 1 && !record.label.empty()) all.push_back(label_row(record));
  return all;
}

Result<void> put_count(Transaction& change, const std::string& key, const Count& count) {
  std::string value;
  ByteWriter(value).number(count.number).string(count.root);
  return change.put(Table::kTotals, key, value);
}

// Adds `step`, 1 or -1, to the count at `key`; a count of zero is no row.
Result<void> count(Transaction& change, const std::string& key, int step, std::string_view root) {
  const auto stored = change.get(Table::kTotals, key);
  std::uint64_t number = stored ? decode_count(*stored) : 0;
  number = step > 0 ? number + 1 : number - (number > 0 ? 1 : 0);
  if (number == 0) return change.erase(Table::kTotals, key);
  return put_count(change, key, {.number = number, .root = std::string(root)});
}

Result<void> add_label(Transaction& change, const Record& record) {
  if (record.label.empty()) return {};
  const Row row = label_row(record);
  TRY(change.put(Table::kSessionIndex, row.key, row.value));
  return count(change, label_totals_key(record), 1, {});
}

Result<void> drop_label(Transaction& change, const Record& record) {
  if (record.label.empty()) return {};
  TRY(change.erase(Table::kSessionIndex, label_row(record).key));
  return count(change, label_totals_key(record), -1, {});
}

// REQUIRES: record.indexed, and not expired.
Result<void> add_rows(Transaction& change, const Record& record) {
  for (const Row& row : rows_of(record)) {
    TRY(change.put(Table::kSessionIndex, row.key, row.value));
  }
  TRY(count(change, root_totals_key(record.root), 1, record.root));
  return add_label(change, record);
}

Result<void> drop_rows(Transaction& change, const Record& record) {
  for (const Row& row : rows_of(record)) TRY(change.erase(Table::kSessionIndex, row.key));
  TRY(count(change, root_totals_key(record.root), -1, record.root));
  return drop_label(change, record);
}

// What was lost may make a sum smaller than its parts, until it is counted again.
std::uint64_t less(std::uint64_t sum, std::uint64_t part) {
  return sum - std::min(sum, part);
}

Result<std::vector<std::string>> keys(store::Store& store, std::string_view prefix,
                                      std::string_view end, std::size_t count) {
  std::vector<std::string> found;
  TRY(store.scan(Table::kSessionIndex, prefix, {}, [&](std::string_view key, std::string_view) {
    if (found.size() == count || (!end.empty() && key >= end)) return false;
    found.emplace_back(key);
    return true;
  }));
  return found;
}

}  // namespace

Totals totals(Transaction& change) {
  return decode_totals(change.get(Table::kTotals, kTotalsKey));
}
Totals totals(store::Store& store) {
  return decode_totals(store.get(Table::kTotals, kTotalsKey));
}

std::uint64_t decode_count(std::string_view value) {
  return ByteReader(value).number();
}

RootCount decode_root_count(std::string_view value) {
  ByteReader reader(value);
  RootCount found;
  found.sessions = reader.number();
  found.root = reader.string();
  return found;
}

Result<std::optional<Record>> find(Transaction& change, std::string_view id) {
  return decoded(change.get(Table::kSessions, id));
}

Result<std::optional<Record>> find(store::Store& store, std::string_view id) {
  TRY_ASSIGN(const auto stored, store.read(Table::kSessions, id));
  return decoded(stored);
}

Result<void> insert(Transaction& change, Record& record) {
  Totals all = totals(change);
  ++all.sessions;
  TRY(put_totals(change, all));
  record.indexed = true;
  TRY(add_rows(change, record));
  return change.put(Table::kSessions, id_of(record), encode(record));
}

Result<void> replace(Transaction& change, const Record& was, Record& now) {
  const bool has_rows = now.handle != kDefaultHandle;
  const bool joins = has_rows && !was.indexed;
  if (joins || was.state_bytes != now.state_bytes) {
    Totals all = totals(change);
    if (joins) ++all.sessions;
    all.state_bytes = less(all.state_bytes, was.state_bytes) + now.state_bytes;
    TRY(put_totals(change, all));
  }
  now.indexed = has_rows;
  if (joins) {
    TRY(add_rows(change, now));
  } else if (has_rows) {
    if (was.expires_ms() != now.expires_ms()) {
      TRY(change.erase(Table::kSessionIndex, expiry_key(was.expires_ms(), was.handle)));
      TRY(change.put(Table::kSessionIndex, expiry_key(now.expires_ms(), now.handle), {}));
    }
    if (was.label != now.label) {
      TRY(drop_label(change, was));
      TRY(add_label(change, now));
    }
  }
  if (has_rows) return change.put(Table::kSessions, now.handle, encode(now));
  return change.put(Table::kSessions, id_of(now), encode(now));
}

Result<bool> remove(Transaction& change, const Record& record, bool remember) {
  const std::string id = id_of(record);
  Totals all = totals(change);
  if (record.expired) {
    all.expired -= all.expired > 0 ? 1 : 0;
    TRY(change.erase(Table::kSessionIndex, forget_key(record.expires_ms(), id)));
  } else if (record.indexed) {
    all.sessions -= all.sessions > 0 ? 1 : 0;
    TRY(drop_rows(change, record));
  }
  if (remember) {
    Record left = record;
    left.label.clear();
    left.keys = left.state_bytes = 0;
    left.expired = true;
    ++all.expired;
    TRY(change.put(Table::kSessionIndex, forget_key(left.expires_ms(), id), {}));
    TRY(change.put(Table::kSessions, id, encode(left)));
  } else {
    TRY(change.erase(Table::kSessions, id));
  }
  TRY(put_totals(change, all));
  if (record.keys == 0) return false;
  TRY(put_garbage(change, id));
  if (record.keys > kPartKeys || record.state_bytes > kPartBytes) return true;
  TRY_ASSIGN(const bool done, erase_state(change, id));
  return !done;
}

Result<bool> erase_state(Transaction& change, std::string_view id) {
  const std::string prefix = state_prefix(id);
  std::vector<std::string> keys;
  std::uint64_t bytes = 0;
  bool more = false;
  TRY(change.scan(Table::kSessionState, prefix, {},
                  [&](std::string_view key, std::string_view value) {
                    more = keys.size() == kPartKeys || bytes > kPartBytes;
                    if (more) return false;
                    bytes += key.size() - prefix.size() + value.size() + Record::kKeyBytes;
                    keys.emplace_back(key);
                    return true;
                  }));
  for (const std::string& key : keys) TRY(change.erase(Table::kSessionState, key));
  Totals all = totals(change);
  all.state_bytes = less(all.state_bytes, bytes);
  TRY(put_totals(change, all));
  if (!more) TRY(change.erase(Table::kSessionIndex, garbage_key(id)));
  return !more;
}

Result<void> put_rows(Transaction& change, const Record& record) {
  for (const Row& row : all_rows_of(record)) {
    TRY(change.put(Table::kSessionIndex, row.key, row.value));
  }
  return {};
}

bool has_row(const Record& record, std::string_view key) {
  const std::vector<Row> all = all_rows_of(record);
  return std::any_of(all.begin(), all.end(), [&](const Row& row) { return row.key == key; });
}

Result<void> put_garbage(Transaction& change, std::string_view id) {
  return change.put(Table::kSessionIndex, garbage_key(id), {});
}

void count_in(const Record& record, Totals& all, Counts& counts) {
  all.state_bytes += record.state_bytes;
  if (record.handle == kDefaultHandle) return;
  if (record.expired) {
    ++all.expired;
  } else if (record.indexed) {
    ++all.sessions;
    Count& of_root = counts[root_totals_key(record.root)];
    ++of_root.number;
    of_root.root = record.root;
    if (!record.label.empty()) ++counts[label_totals_key(record)].number;
  }
}

Result<void> replace_totals(Transaction& change, const Totals& all, const Counts& counts) {
  for (const std::string_view prefix : {kRootTotalsPrefix, kLabelTotalsPrefix}) {
    std::vector<std::string> wrong;
    TRY(change.scan(Table::kTotals, prefix, {}, [&](std::string_view key, std::string_view) {
      if (!counts.contains(key)) wrong.emplace_back(key);
      return true;
    }));
    for (const std::string& key : wrong) TRY(change.erase(Table::kTotals, key));
  }
  for (const auto& [key, count] : counts) TRY(put_count(change, key, count));
  return put_totals(change, all);
}

Result<std::vector<std::string>> lapsed(store::Store& store, std::int64_t before_ms,
                                        std::size_t count) {
  return keys(store, kExpiryPrefix, expiry_key(before_ms, {}), count);
}

Result<std::vector<std::string>> forgettable(store::Store& store, std::int64_t before_ms,
                                             std::size_t count) {
  return keys(store, kForgetPrefix, forget_key(before_ms, {}), count);
}

Result<std::vector<std::string>> garbage(store::Store& store, std::size_t count) {
  return keys(store, kGarbagePrefix, {}, count);
}

}  // namespace quarry::session::rows
