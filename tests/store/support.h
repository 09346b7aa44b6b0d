// What the tests of the store share.

#pragma once

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

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

}  // namespace quarry::store
