#include "server/change/locks.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>

#include "server/base/hash.h"

namespace quarry::change {
namespace {

constexpr std::int64_t kPatienceNs = 5'000'000'000;
constexpr long kPauseNs = 200'000;

bool try_lock(int fd, std::uint64_t at) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(at);
  range.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

}  // namespace

Locks::Locks(std::string directory, const Clock& clock)
    : file_(directory.empty() ? "" : std::move(directory) + "/locks"),
      private_file_(file_.empty() ? memfd_create("quarry-locks", MFD_CLOEXEC) : -1),
      clock_(clock) {}

Result<Locks::Held> Locks::lock(const std::vector<std::string>& paths, std::string_view shown,
                                const CancelToken& cancel) const {
  const std::string name =
      file_.empty() ? fmt::format("/proc/self/fd/{}", private_file_.get()) : file_;
  Held held;
  held.description_ = Fd(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!held.description_) {
    return fail(Code::kUnavailable, "files cannot be locked in the state directory: {}",
                strerrordesc_np(errno));
  }
  std::vector<std::uint64_t> places;
  places.reserve(paths.size());
  for (const std::string& path : paths) places.push_back(hash64(path) >> 2U);
  // In one order, so that two changes never wait for each other.
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  const std::int64_t until = clock_.steady_ns() + kPatienceNs;
  for (const std::uint64_t place : places) {
    while (!try_lock(held.description_.get(), place)) {
      if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
        return fail(Code::kUnavailable, "files cannot be locked in the state directory: {}",
                    strerrordesc_np(errno));
      }
      TRY(cancel.check());
      if (clock_.steady_ns() > until) {
        return fail(Code::kUnavailable,
                    "another change of {} has been going on for some seconds; call again", shown);
      }
      const timespec pause{.tv_sec = 0, .tv_nsec = kPauseNs};
      nanosleep(&pause, nullptr);
    }
  }
  return held;
}

}  // namespace quarry::change
