#include "server/rpc/descriptors.h"

#include <csignal>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quarry::rpc {
namespace {

// In a child, since the handlers are the process's.
template <class Check>
bool holds_in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a signal that ends the input is seen by whoever reads or polls after it") {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    CHECK(holds_in_child([&] {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0 || !end_input_on_signals(ends[0])) return false;
      if (write(ends[1], "x", 1) != 1) return false;
      pollfd input{ends[0], 0, 0};
      if (poll(&input, 1, 0) != 0) return false;
      raise(signal);
      char byte = 0;
      // Also by who takes no input now, as a server does whose client does not read.
      return poll(&input, 1, 0) == 1 && (input.revents & POLLHUP) != 0 &&
             read(ends[0], &byte, 1) == 0;
    }));
  }
}

}  // namespace
}  // namespace quarry::rpc
