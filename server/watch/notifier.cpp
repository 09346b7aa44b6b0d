#include "server/watch/notifier.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/inotify.h>

namespace quarry::watch {
namespace {

// CLOSE_WRITE for mapped writes, whose last close it tells; ATTRIB for times, modes and link
// counts.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
                                IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF |
                                IN_ONLYDIR | IN_EXCL_UNLINK;

}  // namespace

Result<std::unique_ptr<Notifier>> Notifier::open() {
  Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) {
    return fail(Code::kUnavailable, "the system gives no watch: {} (fs.inotify.max_user_instances)",
                strerrordesc_np(errno));
  }
  return std::unique_ptr<Notifier>(new Notifier(std::move(fd)));
}

int Notifier::add(int directory_fd) const {
  // The kernel takes names only: this one leads to the directory that is open, whatever its own
  // name leads to meanwhile.
  char name[32];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", directory_fd);
  const int watch = inotify_add_watch(fd_.get(), name, kMask);
  return watch >= 0 ? watch : -errno;
}

void Notifier::remove(int watch) const {
  (void)inotify_rm_watch(fd_.get(), watch);
}

bool Notifier::next(Event& event) {
  if (at_ == filled_) {
    const ssize_t got = ::read(fd_.get(), buffer_.data(), buffer_.size());
    if (got <= 0) return false;
    at_ = 0;
    filled_ = static_cast<std::size_t>(got);
  }
  inotify_event raw;
  std::memcpy(&raw, buffer_.data() + at_, sizeof raw);
  event.watch = raw.wd;
  event.mask = raw.mask;
  event.name =
      raw.len == 0 ? std::string_view() : std::string_view(buffer_.data() + at_ + sizeof raw);
  at_ += sizeof raw + raw.len;
  return true;
}

}  // namespace quarry::watch
