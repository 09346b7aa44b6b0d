#include "server/sandbox/resolve.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quarry::sandbox {
namespace {

// EAGAIN means that a rename somewhere met a ".." in a symlink's target. 128 attempts keep the
// failures near 0.1% under sixteen threads that do nothing but rename; the first 32 are free.
constexpr int kMaxAttempts = 128;
constexpr int kFreeAttempts = 32;
constexpr long kPauseNs = 50'000;

int open_by_kernel(int directory_fd, const char* path, int flags, std::uint64_t more = 0) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | more;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const long fd = syscall(SYS_openat2, directory_fd, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno != EAGAIN && errno != EINTR) return -errno;
    if (attempt >= kFreeAttempts) {
      const timespec pause{.tv_sec = 0, .tv_nsec = kPauseNs};
      nanosleep(&pause, nullptr);
    }
  }
  return -EAGAIN;
}

}  // namespace

bool has_openat2() {
  const Fd fd(open_by_kernel(AT_FDCWD, ".", kHandleFlags));
  const int error = fd ? 0 : -fd.get();
  // EPERM is how a container's filter answers; anything else is about the working directory.
  return error != ENOSYS && error != EPERM && error != EINVAL && error != E2BIG;
}

int open_beneath(int root_fd, const std::string& path, int flags, Workspace::Resolver resolver) {
  // A walker may hold paths beyond what one system call takes.
  if (resolver == Workspace::Resolver::kComponentWalk || path.size() >= PATH_MAX) {
    return walk_beneath(root_fd, path, flags, nullptr);
  }
  return open_by_kernel(root_fd, path.empty() ? "." : path.c_str(), flags);
}

int open_plain_directory(int root_fd, const std::string& path, Workspace::Resolver resolver) {
  constexpr int kFlags = kReadFlags | O_DIRECTORY | O_NOFOLLOW;
  if (resolver != Workspace::Resolver::kComponentWalk && path.size() < PATH_MAX) {
    return open_by_kernel(root_fd, path.empty() ? "." : path.c_str(), kFlags, RESOLVE_NO_SYMLINKS);
  }
  Fd here(openat(root_fd, ".", kFlags));
  for (std::size_t begin = 0; here && begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const int next = openat(here.get(), path.substr(begin, end - begin).c_str(), kFlags);
    // A symlink is ENOTDIR to O_DIRECTORY.
    if (next < 0) return errno == ENOTDIR ? -ELOOP : -errno;
    here = Fd(next);
    begin = end + 1;
  }
  return here ? here.release() : -errno;
}

int sync_descriptor(int fd) {
  while (fsync(fd) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace quarry::sandbox
