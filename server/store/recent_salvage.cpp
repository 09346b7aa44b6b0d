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
using Records = std::map<std::string, RecentRecord, std::less<>>;

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

void take(Records& records, std::string_view key, RecentRecord&& record) {
  auto known = records.find(key);
  if (known == records.end()) known = records.emplace(key, RecentRecord{}).first;
  if (known->second.change <= record.change) known->second = std::move(record);
}

void take_all(Records& records, const LogFile& file) {
  const auto note = [&](std::uint64_t change, std::string_view key,
                        std::optional<std::string_view> record) {
    take(records, key, {.change = change, .record = std::optional<std::string>(record)});
  };
  std::string_view rest = file.bytes;
  while (const std::size_t frame = read_frame(rest, file.life, note)) rest.remove_prefix(frame);
}

}  // namespace

bool LogFile::is_of(std::uint64_t epoch, std::size_t number) const {
  const std::uint64_t resets = life - epoch;
  return any() && resets < kMostResets && resets % 2 == number;
}

LogFile read_log_file(int folder, const char* name) {
  LogFile file{.bytes = read_whole(folder, name)};
  if (file.bytes.size() < kFrameHeadBytes) return {};
  std::memcpy(&file.life, file.bytes.data() + kFrameHeadBytes - sizeof file.life, sizeof file.life);
  const auto nothing = [](std::uint64_t, std::string_view, std::optional<std::string_view>) {};
  return read_frame(file.bytes, file.life, nothing) == 0 ? LogFile{} : std::move(file);
}

SalvagedLog salvage_log(const StateDirectory& directory, const std::string& name,
                        std::uint64_t epoch) {
  const Fd folder(
      openat(directory.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return {};
  std::array<LogFile, 2> uses = {read_log_file(folder.get(), "0"),
                                 read_log_file(folder.get(), "1")};
  const bool known = epoch != 0 && (uses[0].is_of(epoch, 0) || uses[1].is_of(epoch, 1));
  if (known) {
    // What is left of another epoch was given up before.
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (!uses[i].is_of(epoch, i)) uses[i] = {};
    }
  }
  if (uses[0].any() && uses[1].any()) {
    const std::uint64_t apart = uses[0].life - uses[1].life;
    const bool neighbours = apart == 1 || apart == ~std::uint64_t{0};
    // Without a common epoch there is no telling which of the two was in force.
    if (!neighbours && !known) return {};
    // Not the last two uses: then nothing was written in the one between, which the later begins.
    if (!neighbours) uses[static_cast<std::int64_t>(apart) > 0 ? 1 : 0] = {};
  }
  Records records;
  for (const LogFile& use : uses) take_all(records, use);
  SalvagedLog log;
  log.epoch = known ? epoch : 0;
  for (auto& [key, record] : records) log.records.emplace_back(key, std::move(record));
  return log;
}

}  // namespace quarry::store
