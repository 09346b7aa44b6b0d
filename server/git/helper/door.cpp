// The fortified headers define open() inline, which would clash with the definition below.
#undef _FORTIFY_SOURCE

#include "server/git/helper/door.h"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <string_view>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quarry::git::helper {
namespace {

struct Door {
  int root_fd = -1;
  std::string root;  // with a '/' at the end
  std::string git_directory;
  std::atomic<bool> refused = false;  // threads that read objects open packs
};

// open() is a C function without a context, so its state is the process's. Never freed: libgit2
// may open files until the process ends.
constinit Door* door = nullptr;

bool has_dotdot(std::string_view path) {
  return path.find("/../") != std::string_view::npos || path.ends_with("/..");
}

int refuse(int error) {
  errno = error;
  return -1;
}

int plain_open(const char* path, int flags, mode_t mode) {
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode));
}

// openat2 beneath the root, or, where the kernel lacks it, a plain open without a last symlink.
int open_beneath(const char* path, int flags, bool in_git_directory) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (in_git_directory) how.resolve |= RESOLVE_NO_SYMLINKS;
  const std::string_view text(path);
  const char* relative = text.size() < door->root.size() ? "" : path + door->root.size();
  for (int tries = 0; tries < 128; ++tries) {
    const long fd =
        syscall(SYS_openat2, door->root_fd, *relative == '\0' ? "." : relative, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != ENOSYS && errno != EPERM)) {
      return static_cast<int>(fd);
    }
    if (errno != EAGAIN) break;
  }
  return plain_open(path, flags | O_NOFOLLOW, 0);
}

int guarded_open(const char* path, int flags) {
  const std::string_view text(path);
  const std::string_view bare_root(door->root.data(), door->root.size() - 1);
  if ((!text.starts_with(door->root) && text != bare_root) || has_dotdot(text)) {
    door->refused = true;
    return refuse(EACCES);
  }
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0) return refuse(EROFS);
  const bool in_git_directory =
      text.starts_with(door->git_directory) &&
      (text.size() == door->git_directory.size() || text[door->git_directory.size()] == '/');
  const int fd = open_beneath(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, in_git_directory);
  if (fd < 0) {
    // EXDEV is openat2's word for "leads out of the root".
    if (errno != EXDEV) return -1;
    door->refused = true;
    return refuse(EACCES);
  }
  struct stat st {};
  if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) return fd;
  close(fd);
  return refuse(EACCES);
}

}  // namespace

void arm_door(const std::string& root, const std::string& git_directory) {
  if (door == nullptr) door = new Door;
  if (door->root_fd >= 0) close(door->root_fd);
  door->root = root.ends_with('/') ? root : root + '/';
  door->git_directory = git_directory;
  door->root_fd = plain_open(root.c_str(), O_PATH | O_DIRECTORY, 0);
  door->refused = false;
}

bool door_refused() {
  return door != nullptr && door->refused.exchange(false);
}

}  // namespace quarry::git::helper

// Takes the place of the C library's open for this executable and the libraries it loads.
extern "C" __attribute__((visibility("default"), used)) int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  using namespace quarry::git::helper;
  if (door == nullptr) return plain_open(path, flags, mode);
  return guarded_open(path, flags);
}
