#include "server/store/open_recent.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>

#include "server/base/log.h"
#include "server/store/covered.h"
#include "server/store/doubt.h"
#include "server/store/open_environment.h"
#include "server/store/recent_replay.h"

namespace quarry::store {
namespace {

// What version 2 mapped; more was never in it.
constexpr std::size_t kOlderMapBytes = std::size_t{32} << 20U;

Result<Covered> covered_in(Environment& state) {
  std::string bytes;
  TRY_ASSIGN(const bool found, state.find(kOwnKey, bytes));
  return found ? decode_covered(bytes) : Covered{};
}

// In version 2 a value is the number of its change, 8 bytes, and then the record; nothing after
// the number: erased. Its epoch is under kOwnKey.
Result<void> bring_into(Environment& state, Environment& older) {
  std::string epoch;
  TRY(older.find(kOwnKey, epoch));
  TRY_ASSIGN(const Covered covered, covered_in(state));
  TRY_ASSIGN(const Listed listed, older.list({}, {}, SIZE_MAX, SIZE_MAX));
  return state.change([&](Environment::Change& change) -> Result<void> {
    for (const auto& [key, stored] : listed.records) {
      if (key == kOwnKey || stored.size() < kStampBytes) continue;
      const bool obsolete =
          covered.epoch == decode_number(epoch) && decode_number(stored) <= covered.change;
      if (obsolete) continue;
      const std::string_view record = std::string_view(stored).substr(kStampBytes);
      TRY(record.empty() ? change.erase(key) : change.put(key, record));
    }
    return {};
  });
}

Result<void> migrate(const StateDirectory& directory, const std::string& name, Environment& state) {
  struct stat status {};
  if (fstatat(directory.fd(), (name + "/data.mdb").c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return {};
  }
  TRY_ASSIGN(const OpenedEnvironment older,
             open_environment(directory, name, {.map_bytes = kOlderMapBytes, .synchronous = true}));
  TRY(bring_into(state, *older.environment));
  return remove_tree(directory, name);
}

}  // namespace

std::uint64_t take_over_after_restart(Environment& state, const StateDirectory& directory,
                                      const std::string& name, bool in_doubt) {
  const Result<Covered> covered = covered_in(state);
  if (!covered) return 0;
  const ReplayedLog log = replay_log(directory, name, *covered);
  const std::uint64_t before = log.reached.epoch == covered->epoch ? covered->change : 0;
  // One that lost records may have lost what it covers: it would hold all of these and later ones.
  if (log.records.empty() || in_doubt) return log.last - std::min(log.last, before);
  const Result<void> taken = state.change([&](Environment::Change& change) -> Result<void> {
    for (const auto& [key, record] : log.records) {
      TRY(record.record ? change.put(key, *record.record) : change.erase(key));
    }
    // The log is removed next; should it be there again, it is not taken over twice.
    return change.put(kOwnKey, encode_covered(log.reached));
  });
  if (taken) return log.last - log.reached.change;
  log::warning("what the store's log holds cannot be taken over: {}", taken.error().message);
  return log.last - std::min(log.last, before);
}

Result<RecentLog::Opened> open_recent(const StateDirectory& directory, const std::string& name,
                                      Environment& state) {
  TRY(migrate(directory, name, state));
  TRY_ASSIGN(const Covered covered, covered_in(state));
  return RecentLog::open(
      directory, name, covered.epoch, [&](RecentLog::Opened& damaged) -> Result<void> {
        damaged.recovered = 0;
        return state.change([&](Environment::Change& change) -> Result<void> {
          for (const auto& [key, record] : damaged.salvaged) {
            if (covered.epoch == damaged.salvaged_epoch && record.change <= covered.change) {
              continue;
            }
            TRY(record.record ? change.put(key, *record.record) : change.erase(key));
            ++damaged.recovered;
          }
          return doubt_everything(change);
        });
      });
}

}  // namespace quarry::store
