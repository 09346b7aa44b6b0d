#include "tests/store/faulty_calls.h"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <mutex>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace quarry::store {
namespace {

struct Watched {
  std::mutex lock;
  FaultPlan plan;
  std::string recorded_path;
  std::string recorded_first;  // what it is called at first
  std::vector<FileOperation> operations;
};

Watched& watched() {
  static Watched* const one = new Watched;  // calls are made after the end of main(), too
  return *one;
}

std::atomic<bool> counting{false};
std::atomic<bool> recording{false};
std::atomic<long> calls{0};

std::string path_of(int fd) {
  std::string path(4096, '\0');
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const long size = syscall(SYS_readlink, link.c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path;
}

// Whether the call on `path` fails; errno says how.
bool fails(const std::string& path) {
  Watched& all = watched();
  const std::lock_guard<std::mutex> lock(all.lock);
  if (!path.starts_with(all.plan.directory)) return false;
  const long number = ++calls;
  if (all.plan.fail_at == 0 || number < all.plan.fail_at) return false;
  if (number > all.plan.fail_at && !all.plan.and_after) return false;
  errno = all.plan.error;
  return true;
}

bool fails(int fd) {
  return counting && fails(path_of(fd));
}

bool is_recorded(int fd) {
  if (!recording) return false;
  const std::string path = path_of(fd);
  return path == watched().recorded_path || path == watched().recorded_first;
}

void record(FileOperation operation) {
  Watched& all = watched();
  const std::lock_guard<std::mutex> lock(all.lock);
  all.operations.push_back(std::move(operation));
}

void record_write(int fd, const void* bytes, long size, off_t at) {
  if (size <= 0) return;
  const bool durable = (syscall(SYS_fcntl, fd, F_GETFL) & O_DSYNC) != 0;
  record({.kind = durable ? FileOperation::Kind::kDurableWrite : FileOperation::Kind::kWrite,
          .at = at,
          .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
}

mode_t mode_from(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open_at(int at, const char* path, int flags, mode_t mode) {
  if (counting && (flags & O_ACCMODE) != O_RDONLY) {
    const std::string whole = *path == '/' || at == AT_FDCWD ? path : path_of(at) + "/" + path;
    if (fails(whole)) return -1;
  }
  return static_cast<int>(syscall(SYS_openat, at, path, flags, mode));
}

}  // namespace

void plan_faults(const FaultPlan& plan) {
  Watched& all = watched();
  const std::lock_guard<std::mutex> lock(all.lock);
  all.plan = plan;
  calls = 0;
  counting = !plan.directory.empty();
}

long counted_calls() {
  return calls;
}

void record_file(const std::string& path, const std::string& made_as) {
  watched().recorded_path = path;
  watched().recorded_first = made_as;
  recording = true;
}

void add_mark(int mark) {
  record({.kind = FileOperation::Kind::kMark, .mark = mark});
}

std::vector<FileOperation> stop_recording() {
  recording = false;
  return std::move(watched().operations);
}

}  // namespace quarry::store

using quarry::store::FileOperation;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = quarry::store::mode_from(flags, arguments);
  va_end(arguments);
  return quarry::store::open_at(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = quarry::store::mode_from(flags, arguments);
  va_end(arguments);
  return quarry::store::open_at(at, path, flags, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  if (quarry::store::fails(fd)) return -1;
  return syscall(SYS_write, fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  if (quarry::store::fails(fd)) return -1;
  const long written = syscall(SYS_pwrite64, fd, bytes, size, at);
  if (quarry::store::is_recorded(fd)) quarry::store::record_write(fd, bytes, written, at);
  return written;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  if (quarry::store::fails(fd)) return -1;
  const bool recorded = quarry::store::is_recorded(fd);
  const off_t at = recorded ? syscall(SYS_lseek, fd, 0, SEEK_CUR) : 0;
  const long written = syscall(SYS_writev, fd, parts, count);
  if (recorded) {
    std::string bytes;
    for (int i = 0; i < count; ++i) {
      bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    quarry::store::record_write(fd, bytes.data(), written, at);
  }
  return written;
}

int fdatasync(int fd) {
  if (quarry::store::fails(fd)) return -1;
  const int result = static_cast<int>(syscall(SYS_fdatasync, fd));
  if (quarry::store::is_recorded(fd)) {
    quarry::store::record({.kind = FileOperation::Kind::kSync});
  }
  return result;
}

int fsync(int fd) {
  if (quarry::store::fails(fd)) return -1;
  const int result = static_cast<int>(syscall(SYS_fsync, fd));
  if (quarry::store::is_recorded(fd)) {
    quarry::store::record({.kind = FileOperation::Kind::kSync});
  }
  return result;
}

int ftruncate(int fd, off_t size) noexcept {
  if (quarry::store::fails(fd)) return -1;
  return static_cast<int>(syscall(SYS_ftruncate, fd, size));
}

int fallocate(int fd, int mode, off_t at, off_t size) {
  if (quarry::store::fails(fd)) return -1;
  return static_cast<int>(syscall(SYS_fallocate, fd, mode, at, size));
}

int mkdirat(int at, const char* path, mode_t mode) noexcept {
  if (quarry::store::counting && quarry::store::fails(quarry::store::path_of(at) + "/" + path)) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_mkdirat, at, path, mode));
}

int renameat(int from, const char* old_path, int to, const char* new_path) noexcept {
  if (quarry::store::counting &&
      quarry::store::fails(quarry::store::path_of(to) + "/" + new_path)) {
    return -1;
  }
  return static_cast<int>(syscall(SYS_renameat, from, old_path, to, new_path));
}

}  // extern "C"
