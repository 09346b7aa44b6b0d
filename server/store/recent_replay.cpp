#include "server/store/recent_replay.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fcntl.h>

#include "server/store/recent_frame.h"
#include "server/store/recent_salvage.h"

namespace quarry::store {

ReplayedLog replay_log(const StateDirectory& directory, const std::string& name,
                       const Covered& covered) {
  ReplayedLog log;
  const Fd folder(openat(directory.fd(), name.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!folder) return log;
  const std::array<LogFile, 2> files = {read_log_file(folder.get(), "0"),
                                        read_log_file(folder.get(), "1")};
  // It may be older than the files, or they than it: the machine wrote what it came to.
  const auto head = RecentHead::open(folder.get(), /*may_be_new=*/false);
  std::uint64_t epoch = covered.epoch;
  if (epoch == 0 || (!files[0].is_of(epoch, 0) && !files[1].is_of(epoch, 1))) {
    epoch = head ? (*head)->epoch() : files[0].life;  // of a first use the epoch is the life
  }
  const bool known = epoch == covered.epoch;
  log.reached = {epoch, known ? covered.change : 0};
  std::uint64_t resets = 0;
  const LogFile* in_force = nullptr;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const LogFile& file = files.at(i);
    if (!file.is_of(epoch, i) || (in_force != nullptr && file.life - epoch < resets)) continue;
    resets = file.life - epoch;
    in_force = &file;
  }
  // Of a log that `state` does not know there is the first use alone: it is known from then on.
  if (in_force != nullptr && (known || resets == 0)) {
    std::map<std::string, RecentRecord> records;
    const std::uint64_t before = log.reached.change;
    const auto note = [&](std::uint64_t change, std::string_view key,
                          std::optional<std::string_view> record) {
      if (change <= before) return;
      records.insert_or_assign(
          std::string(key),
          RecentRecord{.change = change, .record = std::optional<std::string>(record)});
      log.reached.change = std::max(log.reached.change, change);
    };
    std::string_view rest = in_force->bytes;
    while (const std::size_t size = read_frame(rest, in_force->life, note)) {
      rest.remove_prefix(size);
    }
    log.records = {records.begin(), records.end()};
  }
  log.last = log.reached.change;
  if (head && (*head)->epoch() == epoch) log.last = std::max(log.last, (*head)->last_change());
  return log;
}

}  // namespace quarry::store
