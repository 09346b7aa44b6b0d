#include "server/sandbox/resolve.h"

#include <cerrno>
#include <climits>
#include <ctime>

#include <linux/openat2.h>
#include <sys/syscall.h>

namespace quarry::sandbox {
namespace {

// EAGAIN means that a rename somewhere met a ".." in a symlink's target. 128 attempts keep the
// failures near 0.1% under sixteen threads that do nothing but rename; the first 32 are free.
constexpr int kMaxAttempts = 128;
constexpr int kFreeAttempts = 32;
constexpr long kPauseNs = 50'000;

int open_by_kernel(int directory_fd, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
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

}  // namespace quarry::sandbox
