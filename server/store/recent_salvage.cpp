#include "server/store/recent_salvage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/recent_frame.h"

namespace quarry::store {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20U;  // more than a log ever has
constexpr std::size_t kReadAtOnce = std::size_t{1} << 20U;
constexpr std::uint64_t kMostResets = std::uint64_t{1} << 32U;

// One use of one file.
struct Use {
  std::uint64_t life = 0;
  std::map<std::string, RecentRecord, std::less<>> records;
  bool any = false;

  bool is_of(std::uint64_t epoch, std::size_t file) const {
    const std::uint64_t resets = life - epoch;
    return any && resets < kMostResets && resets % 2 == file;
  }
};

// Nothing of what is no regular file.
std::string read_whole(int folder, const char* name) {
  const Fd file(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  std::string bytes;
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return bytes;
  while (bytes.size() < kMostBytes) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kReadAtOnce);
    const ssize_t got =
        pread(file.get(), bytes.data() + before, kReadAtOnce, static_cast<off_t>(before));
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) break;
  }
  return bytes;
}

void take(std::map<std::string, RecentRecord, std::less<>>& records, std::string_view key,
          RecentRecord&& record) {
  auto known = records.find(key);
  if (known == records.end()) known = records.emplace(key, RecentRecord{}).first;
  if (known->second.change <= record.change) known->second = std::move(record);
}

Use read_use(int folder, const char* name) {
  Use use;
  const std::string bytes = read_whole(folder, name);
  std::string_view rest = bytes;
  if (rest.size() < kFrameHeadBytes) return use;
  std::memcpy(&use.life, rest.data() + kFrameHeadBytes - sizeof use.life, sizeof use.life);
  const auto note = [&](std::uint64_t change, std::string_view key,
                        std::optional<std::string_view> record) {
    take(use.records, key, {.change = change, .record = std::optional<std::string>(record)});
  };
  while (const std::size_t frame = read_frame(rest, use.life, note)) {
    use.any = true;
    rest.remove_prefix(frame);
  }
  return use;
}

}  // namespace

SalvagedLog salvage_log(const StateDirectory& directory, const std::string& name,
                        std::uint64_t epoch) {
  const Fd folder(
      openat(directory.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return {};
  std::array<Use, 2> uses = {read_use(folder.get(), "0"), read_use(folder.get(), "1")};
  const bool known = epoch != 0 && (uses[0].is_of(epoch, 0) || uses[1].is_of(epoch, 1));
  if (known) {
    // What is left of another epoch was given up before.
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (!uses[i].is_of(epoch, i)) uses[i] = {};
    }
  }
  if (uses[0].any && uses[1].any) {
    const std::uint64_t apart = uses[0].life - uses[1].life;
    const bool neighbours = apart == 1 || apart == ~std::uint64_t{0};
    // Without a common epoch there is no telling which of the two was in force.
    if (!neighbours && !known) return {};
    // Not the last two uses: then nothing was written in the one between, which the later begins.
    if (!neighbours) uses[static_cast<std::int64_t>(apart) > 0 ? 1 : 0] = {};
  }
  std::map<std::string, RecentRecord, std::less<>> records;
  for (Use& use : uses) {
    for (auto& [key, record] : use.records) take(records, key, std::move(record));
  }
  SalvagedLog log;
  log.epoch = known ? epoch : 0;
  for (auto& [key, record] : records) log.records.emplace_back(key, std::move(record));
  return log;
}

}  // namespace quarry::store
