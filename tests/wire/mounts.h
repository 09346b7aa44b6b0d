// Mounts for one process of a test and what it starts: nobody else sees them.

#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <sys/mount.h>

#include "tests/support/mounts.h"
#include "tests/wire/client.h"

namespace quarry::wire {

using test::enter_mounts;

// Throws where it fails.
inline void mount_or_throw(const std::string& from, const std::string& at,
                           unsigned long flags = MS_BIND, const char* type = nullptr,
                           const std::string& options = "") {
  if (mount(from.c_str(), at.c_str(), type, flags, options.c_str()) == 0) return;
  throw std::runtime_error("mount: " + std::string(std::strerror(errno)));
}

// Temporary directories of this process in memory, where it may have them, while it lives: renames
// are cheap there and wait for no disk.
class InMemory {
 public:
  InMemory() {
    mounted_ = enter_mounts() && mount("none", at_.root().c_str(), "tmpfs", 0, "") == 0;
    if (mounted_) setenv("TMPDIR", at_.root().c_str(), 1);
  }
  ~InMemory() {
    if (mounted_) umount2(at_.root().c_str(), MNT_DETACH);
  }
  InMemory(const InMemory&) = delete;
  InMemory& operator=(const InMemory&) = delete;

 private:
  TempWorkspace at_;
  bool mounted_ = false;
};

}  // namespace quarry::wire
