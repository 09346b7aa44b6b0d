// The part of Sessions that makes index, totals and records agree again after the store lost some.

#include <algorithm>
#include <map>

#include "server/base/bytes.h"
#include "server/base/log.h"
#include "server/session/sessions.h"

namespace quarry::session {
namespace {

using store::Table;
using store::Transaction;

constexpr std::size_t kAtOnce = 64;  // sessions, or rows, of one transaction

// Calls `each(change, item)` for all of them, in transactions of kAtOnce.
template <class Item, class Each>
Result<void> in_steps(store::Store& store, const std::vector<Item>& items, const Each& each) {
  for (std::size_t begin = 0; begin < items.size(); begin += kAtOnce) {
    const std::size_t end = std::min(begin + kAtOnce, items.size());
    TRY(store.change([&](Transaction& change) -> Result<void> {
      for (std::size_t i = begin; i < end; ++i) TRY(each(change, items[i]));
      return {};
    }));
  }
  return {};
}

// What the state of a session really is; and its rows, whichever of them are left.
Result<void> settle_one(Transaction& change, const std::string& id) {
  TRY_ASSIGN(const auto stored, rows::find(change, id));
  if (!stored) return {};
  Record now = *stored;
  const std::string prefix = rows::state_prefix(id);
  now.keys = now.state_bytes = 0;
  TRY(change.scan(
      Table::kSessionState, prefix, {}, [&](std::string_view key, std::string_view value) {
        ++now.keys;
        now.state_bytes += key.size() - prefix.size() + value.size() + Record::kKeyBytes;
        return true;
      }));
  if (now.keys != stored->keys || now.state_bytes != stored->state_bytes) {
    TRY(change.put(Table::kSessions, id, encode(now)));
  }
  return rows::put_rows(change, now);
}

// A row of the index whose session is not there, or not as the row says.
Result<void> drop_if_idle(Transaction& change, const std::string& key) {
  TRY_ASSIGN(const auto record, rows::find(change, rows::id_in(key)));
  if (key.front() == 'g' || (record && rows::has_row(*record, key))) return {};
  return change.erase(Table::kSessionIndex, key);
}

// State that belongs to no session is erased like that of one that was closed.
Result<void> mark_garbage(Transaction& change, const std::string& id) {
  TRY_ASSIGN(const auto record, rows::find(change, id));
  return record ? Result<void>() : rows::put_garbage(change, id);
}

}  // namespace

Result<void> Sessions::repair() {
  std::vector<std::string> ids;
  TRY(store_.each(Table::kSessions, [&](std::string_view key, std::string_view) {
    ids.emplace_back(key);
    return true;
  }));
  TRY(in_steps(store_, ids, settle_one));
  std::vector<std::string> found;
  TRY(store_.scan(Table::kSessionIndex, {}, {}, [&](std::string_view key, std::string_view) {
    found.emplace_back(key);
    return true;
  }));
  TRY(in_steps(store_, found, drop_if_idle));
  found.clear();
  TRY(store_.scan(Table::kSessionState, {}, {}, [&](std::string_view key, std::string_view) {
    std::string id(rows::id_in_state(key));
    if (found.empty() || found.back() != id) found.push_back(std::move(id));
    return true;
  }));
  TRY(in_steps(store_, found, mark_garbage));
  return recount();
}

// In one transaction, which keeps other writers out: what is read by the store itself is what the
// transaction finds.
Result<void> Sessions::recount() {
  TRY(store_.change([&](Transaction& change) -> Result<void> {
    Totals all;
    rows::Counts counts;
    TRY(store_.each(Table::kSessions, [&](std::string_view, std::string_view value) {
      Record record;
      if (decode(value, record)) rows::count_in(record, all, counts);
      return true;
    }));
    return rows::replace_totals(change, all, counts);
  }));
  return {};
}

}  // namespace quarry::session
