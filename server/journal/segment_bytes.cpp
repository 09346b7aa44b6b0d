#include "server/journal/segment_bytes.h"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

namespace quarry::journal {

Failure disk_failure(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return fail(Code::kUnavailable,
                "no space left for the journal in the state directory; nothing was changed");
  }
  return fail(Code::kUnavailable, "the journal in the state directory cannot be written: {}",
              strerrordesc_np(error));
}

bool write_all(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      if (put == 0) errno = ENOSPC;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return true;
}

bool read_some(int fd, std::uint64_t from, std::uint64_t length, std::string& out) {
  out.resize(length);
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got =
        pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(from + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return true;
}

bool read_all(int fd, std::string& out) {
  struct stat status {};
  return fstat(fd, &status) == 0 &&
         read_some(fd, 0, static_cast<std::uint64_t>(status.st_size), out);
}

}  // namespace quarry::journal
