// The part of Sessions that makes index, totals and records agree again after the store lost some.

#include <algorithm>
#include <map>
#include <set>

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

// Whether the record is of a session that was closed, or expired: its row by creation is not there
// and cannot have been lost.
Result<bool> was_closed(Transaction& change, const store::Store& store, const Record& record) {
  if (!record.indexed || record.expired || record.handle == kDefaultHandle) return false;
  const std::string row = rows::created_key(record);
  if (store.may_have_lost(Table::kSessionIndex, row)) return false;
  return !change.get(Table::kSessionIndex, row);
}

// What the state of a session really is; and its rows, whichever of them are left. True when some
// of its state is lost, which counts as an update: who expects an earlier version is told.
Result<bool> settle_one(Transaction& change, const store::Store& store, const std::string& id) {
  TRY_ASSIGN(const auto stored, rows::find(change, id));
  if (!stored) return false;
  TRY_ASSIGN(const bool closed, was_closed(change, store, *stored));
  if (closed) {
    TRY(change.erase(Table::kSessions, id));  // its state is nobody's, see mark_garbage()
    return false;
  }
  Record now = *stored;
  const std::string prefix = rows::state_prefix(id);
  now.keys = now.state_bytes = 0;
  TRY(change.scan(
      Table::kSessionState, prefix, {}, [&](std::string_view key, std::string_view value) {
        ++now.keys;
        now.state_bytes += key.size() - prefix.size() + value.size() + Record::kKeyBytes;
        return true;
      }));
  const bool partly = now.keys < stored->keys;
  if (partly) ++now.version;
  if (now.keys != stored->keys || now.state_bytes != stored->state_bytes) {
    TRY(change.put(Table::kSessions, id, encode(now)));
  }
  TRY(rows::put_rows(change, now));
  return partly;
}

// A row of the index whose session is not there, or not as the row says. True when it was its row
// by creation and its record may have been lost: then the session was.
Result<bool> drop_if_idle(Transaction& change, const store::Store& store, const std::string& key) {
  const std::string_view id = rows::id_in(key);
  TRY_ASSIGN(const auto record, rows::find(change, id));
  if (key.starts_with(rows::kGarbagePrefix) || (record && rows::has_row(*record, key)))
    return false;
  TRY(change.erase(Table::kSessionIndex, key));
  return !record && key.starts_with(rows::kCreatedPrefix) &&
         store.may_have_lost(Table::kSessions, id);
}

// State that belongs to no session is erased like that of one that was closed.
Result<void> mark_garbage(Transaction& change, const std::string& id) {
  TRY_ASSIGN(const auto record, rows::find(change, id));
  return record ? Result<void>() : rows::put_garbage(change, id);
}

}  // namespace

Result<void> Sessions::repair() {
  // An older one would count those that were closed since.
  const bool counted = !store_.may_have_lost(Table::kTotals, rows::kTotalsKey);
  const std::uint64_t before = counted ? totals().sessions : 0;
  std::vector<std::string> ids;
  TRY(store_.each(Table::kSessions, [&](std::string_view key, std::string_view) {
    ids.emplace_back(key);
    return true;
  }));
  // Sets, since the store may try a change twice.
  std::set<std::string> partly;
  std::set<std::string> lost;
  TRY(in_steps(store_, ids, [&](Transaction& change, const std::string& id) -> Result<void> {
    TRY_ASSIGN(const bool hurt, settle_one(change, store_, id));
    if (hurt) partly.insert(id);
    return {};
  }));
  std::vector<std::string> found;
  TRY(store_.scan(Table::kSessionIndex, {}, {}, [&](std::string_view key, std::string_view) {
    found.emplace_back(key);
    return true;
  }));
  TRY(in_steps(store_, found, [&](Transaction& change, const std::string& key) -> Result<void> {
    TRY_ASSIGN(const bool gone, drop_if_idle(change, store_, key));
    if (gone) lost.insert(key);
    return {};
  }));
  found.clear();
  TRY(store_.scan(Table::kSessionState, {}, {}, [&](std::string_view key, std::string_view) {
    std::string id(rows::id_in_state(key));
    if (found.empty() || found.back() != id) found.push_back(std::move(id));
    return true;
  }));
  TRY(in_steps(store_, found, mark_garbage));
  TRY(recount());
  const std::uint64_t now = totals().sessions;
  note_repair(now, partly.size(),
              std::max<std::uint64_t>(lost.size(), before - std::min(before, now)));
  return {};
}

void Sessions::note_repair(std::uint64_t sessions, std::uint64_t partly, std::uint64_t lost) {
  if (partly == 0 && lost == 0) return;
  std::string note = fmt::format(
      "{} sessions are left, {} of them without some of their state; {}", sessions, partly,
      lost == 0 ? "no other is known to be lost" : fmt::format("at least {} lost", lost));
  log::warning("after the damage {}", note);
  *repair_note_.lock() = std::move(note);
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
