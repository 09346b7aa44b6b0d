#include "server/store/recent_head.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/fd.h"

namespace quarry::store {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::uint64_t kMagic = 0x31676F6C72617571;  // "quarlog1"

Failure refused(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(Code::kUnavailable, "no space left for the state directory");
  }
  return fail(Code::kUnavailable, "the state directory cannot be written to");
}

Result<void> fill(int file) {
  std::array<char, kPageBytes> page{};
  std::array<std::uint64_t, 2> start = {kMagic, 0};
  while (start[1] == 0) {
    if (getrandom(&start[1], sizeof start[1], 0) != static_cast<ssize_t>(sizeof start[1])) {
      start[1] = 0;
    }
  }
  std::memcpy(page.data(), start.data(), sizeof start);
  const ssize_t wrote = pwrite(file, page.data(), page.size(), 0);
  if (wrote == static_cast<ssize_t>(page.size())) return {};
  const int error = wrote < 0 ? errno : ENOSPC;
  (void)ftruncate(file, 0);
  return refused(error);
}

}  // namespace

Result<std::unique_ptr<RecentHead>> RecentHead::open(int folder, bool may_be_new) {
  const Fd file(
      openat(folder, "head", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file && (errno == ELOOP || errno == EISDIR || errno == ENXIO)) {
    return fail(Code::kInternal, "a file of it is not a regular file");
  }
  if (!file) return refused(errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return refused(errno);
  if (!S_ISREG(status.st_mode)) return fail(Code::kInternal, "a file of it is not a regular file");
  if (status.st_size == 0 && !may_be_new) return fail(Code::kInternal, "its head is lost");
  if (status.st_size == 0) {
    TRY(fill(file.get()));
  } else if (status.st_size != static_cast<off_t>(kPageBytes)) {
    return fail(Code::kInternal, "its head has another size");
  }
  void* const mapped = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return refused(errno);
  std::unique_ptr<RecentHead> head(new RecentHead(static_cast<Page*>(mapped)));
  if (head->page_->magic != kMagic || head->page_->epoch == 0) {
    return fail(Code::kInternal, "its head makes no sense");
  }
  return head;
}

RecentHead::~RecentHead() {
  munmap(page_, kPageBytes);
}

}  // namespace quarry::store
