#include "server/change/locks.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "server/base/hash.h"
#include "server/base/state_gone.h"

namespace quarry::change {
namespace {

constexpr std::int64_t kPatienceNs = 5'000'000'000;
constexpr long kPauseNs = 200'000;
constexpr std::size_t kMostIdle = 16;

bool lock_byte(int fd, std::uint64_t at) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(at);
  range.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

bool is_busy(int error) {
  return error == EAGAIN || error == EACCES || error == EINTR;
}

// In one order, so that two changes never wait for each other.
std::vector<std::uint64_t> places_of(const std::vector<std::string>& paths) {
  std::vector<std::uint64_t> places;
  places.reserve(paths.size());
  for (const std::string& path : paths) places.push_back(hash64(path) >> 2U);
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

}  // namespace

Locks::Locks(std::string directory, const Clock& clock)
    : file_(directory.empty() ? "" : std::move(directory) + "/locks"),
      private_file_(file_.empty() ? memfd_create("quarry-locks", MFD_CLOEXEC) : -1),
      clock_(clock) {}

Locks::Held::~Held() {
  if (!description_) return;
  struct flock whole {};
  whole.l_type = F_UNLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(description_.get(), F_OFD_SETLK, &whole) != 0) return;  // closing drops them too
  auto idle = locks_->idle_.lock();
  if (idle->size() < kMostIdle) idle->push_back(std::move(description_));
}

Fd Locks::take_idle() const {
  for (;;) {
    Fd description;
    {
      auto idle = idle_.lock();
      if (idle->empty()) return {};
      description = std::move(idle->back());
      idle->pop_back();
    }
    // One whose file was removed excludes nobody who opens the next file.
    struct stat status {};
    const bool there = fstat(description.get(), &status) == 0 && status.st_nlink > 0;
    if (there || file_.empty()) return description;
  }
}

// Another directory in the place of the one that the process was confined to is denied it (EACCES).
Failure Locks::not_lockable(int error) const {
  if (error == ENOENT || (was_there_ && error == EACCES)) {
    return fail(Code::kUnavailable, "{}", kStateDirectoryGone);
  }
  return fail(Code::kUnavailable, "files cannot be locked in the state directory: {}",
              strerrordesc_np(error));
}

Result<Locks::Held> Locks::open() const {
  if (Fd idle = take_idle(); idle) return Held(*this, std::move(idle));
  const std::string name =
      file_.empty() ? fmt::format("/proc/self/fd/{}", private_file_.get()) : file_;
  Fd description(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!description) return not_lockable(errno);
  was_there_ = true;
  return Held(*this, std::move(description));
}

Result<std::optional<Locks::Held>> Locks::try_lock(const std::vector<std::string>& paths) const {
  TRY_ASSIGN(Held held, open());
  for (const std::uint64_t place : places_of(paths)) {
    if (lock_byte(held.description_.get(), place)) continue;
    if (is_busy(errno)) return std::optional<Held>();
    return not_lockable(errno);
  }
  return std::optional(std::move(held));
}

Result<Locks::Held> Locks::lock(const std::vector<std::string>& paths, std::string_view shown,
                                const CancelToken& cancel) const {
  TRY_ASSIGN(Held held, open());
  const std::int64_t until = clock_.steady_ns() + kPatienceNs;
  for (const std::uint64_t place : places_of(paths)) {
    while (!lock_byte(held.description_.get(), place)) {
      if (!is_busy(errno)) return not_lockable(errno);
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
