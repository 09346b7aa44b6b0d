// What the tests of the store share.

#pragma once

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/fd.h"
#include "tests/support/temp_workspace.h"

namespace quarry::store {

// Runs `body` in a forked process; its result is the exit code, which is what this returns
// (128 and the signal when one ended it). Only while this process has no store open.
inline pid_t start_process(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    // An exception must not carry the child into the rest of the test run.
    [&]() noexcept { _exit(body()); }();
  }
  return pid;
}

inline int exit_code(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline int run_process(const std::function<int()>& body) {
  return exit_code(start_process(body));
}

// One process tells another to go on.
struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    from = Fd(ends[0]);
    to = Fd(ends[1]);
  }
  // Until the other end is written to or closed.
  bool wait() const {
    char byte = 0;
    return read(from.get(), &byte, 1) == 1;
  }
  void tell() const {
    if (write(to.get(), "x", 1) != 1) std::abort();
  }
  Fd from, to;
};

}  // namespace quarry::store
