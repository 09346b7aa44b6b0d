#include "server/store/open_recent.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>

#include "server/base/log.h"
#include "server/store/covered.h"
#include "server/store/doubt.h"
#include "server/store/open_environment.h"
#include "server/store/recent_salvage.h"

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

std::uint64_t changes_not_in(Environment& state, const StateDirectory& directory,
                             const std::string& name) {
  const Fd folder(openat(directory.fd(), name.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const Result<Covered> covered = covered_in(state);
  if (!folder || !covered) return 0;
  // Either may be older than the other: the machine wrote what it came to.
  std::uint64_t last = 0;
  std::uint64_t epoch = 0;
  if (const auto head = RecentHead::open(folder.get(), /*may_be_new=*/false)) {
    last = (*head)->last_change();
    epoch = (*head)->epoch();
  }
  const SalvagedLog log = salvage_log(directory, name, covered->epoch);
  for (const auto& [key, record] : log.records) last = std::max(last, record.change);
  if (log.epoch != 0) epoch = log.epoch;
  const std::uint64_t first = epoch == covered->epoch ? covered->change : 0;
  return last - std::min(last, first);
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
