// Rows: how sessions lie in the store, and the changes that keep record, index and totals one.
//
//   kSessions      id -> Record; the id is the handle, or made from the root for default sessions
//   kSessionState  id NUL name -> value
//   kSessionIndex  'e' expiry id -> ""              the next to expire first
//                  'c' ~creation id -> hash of root  the newest first
//                  'r' hash of root ~creation id -> ""
//                  'l' hash of label ~creation id -> hash of root
//                  'x' time id -> ""                expired ones that are remembered
//                  'g' id -> ""                     whose state is still to be erased
//   kTotals        "n" -> Totals
//                  'r' hash of root -> number, root
//                  'l' hash of label hash of root -> number
//
// Times are 8 bytes, big-endian, inverted where the newest comes first; hashes are 16 bytes.
//
// Every function changes all rows that it concerns in the transaction that it is given. An id is
// never used twice, so what is left of the state of a closed session is seen by nobody.
//
// Functions of a Transaction; safe from any thread with one each.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/session/record.h"
#include "server/session/row_keys.h"
#include "server/store/store.h"

namespace quarry::session {

struct Totals {
  std::uint64_t sessions = 0;
  std::uint64_t expired = 0;      // and remembered
  std::uint64_t state_bytes = 0;  // as Record::state_bytes, of what lies in kSessionState
};

struct RootCount {
  std::uint64_t sessions = 0;
  std::string root;
};

namespace rows {

// Nothing stored is zero.
Totals totals(store::Transaction& change);
Totals totals(store::Store& store);
RootCount decode_root_count(std::string_view value);
std::uint64_t decode_count(std::string_view value);

// The stored record; nullopt when there is none, or a damaged one. An error when the store cannot
// be read.
Result<std::optional<Record>> find(store::Transaction& change, std::string_view id);
Result<std::optional<Record>> find(store::Store& store, std::string_view id);

// A new session. `record.indexed` is set.
Result<void> insert(store::Transaction& change, Record& record);
// `was` is what is stored, `now` what will be. Moves the rows that differ; a session of version 1
// gets those that it lacks. The state's own rows are the caller's.
Result<void> replace(store::Transaction& change, const Record& was, Record& now);
// Leaves nothing of a session but, with `remember`, enough to say that it expired. Its state goes
// at once when it is small; else the result is true, and it is left for erase_state().
Result<bool> remove(store::Transaction& change, const Record& record, bool remember);
// Erases the next part of what remove() left. True when nothing is left.
Result<bool> erase_state(store::Transaction& change, std::string_view id);

// Index keys, at most `count`: of sessions whose stored expiry lies before `before_ms`; of
// remembered ones that expired before it; of those whose state is to be erased.
Result<std::vector<std::string>> lapsed(store::Store& store, std::int64_t before_ms,
                                        std::size_t count);
Result<std::vector<std::string>> forgettable(store::Store& store, std::int64_t before_ms,
                                             std::size_t count);
Result<std::vector<std::string>> garbage(store::Store& store, std::size_t count);

// For repair.cpp, which makes agree what does not any more. Numbers in kTotals, by key.
struct Count {
  std::uint64_t number = 0;
  std::string root;  // of a count by root
};
using Counts = std::map<std::string, Count, std::less<>>;
// All rows in the index that a record has, and whether `key` is one of them.
Result<void> put_rows(store::Transaction& change, const Record& record);
bool has_row(const Record& record, std::string_view key);
Result<void> put_garbage(store::Transaction& change, std::string_view id);
// Adds what a record counts for.
void count_in(const Record& record, Totals& all, Counts& counts);
Result<void> replace_totals(store::Transaction& change, const Totals& all, const Counts& counts);

}  // namespace rows
}  // namespace quarry::session
