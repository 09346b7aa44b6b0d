#include "server/sandbox/writers.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>

#include "server/sandbox/file_system.h"

namespace quarry::sandbox {

bool has_writer(int fd) {
  // What the holder of a lease is told by when somebody wants to write: SIGIO would end it.
  if (fcntl(fd, F_SETSIG, SIGURG) != 0) return false;
  if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
  }
  return errno == EAGAIN && why_not_own(fd).empty();  // SMB says so of any file
}

}  // namespace quarry::sandbox
