// fork_and_exec: the only fork in the program.
//
// The child shares the parent's memory until it has executed the program (vfork): nothing is
// copied, however large the parent, and between the two the child makes system calls only.
//
// SIGKILL on the parent's death follows the *thread* that forked, not the process: only threads
// that live as long as the process (the reader, the workers) may start children.
//
// Safe from any thread.

#pragma once

#include <sys/types.h>

namespace quarry::process {

// Descriptors are above 3 and close-on-exec.
struct ExecPlan {
  const char* program;
  char* const* argv;
  char* const* envp;
  int null_device;  // becomes 0 and 1
  int channel;      // becomes 3
  int report;       // gets the error number when the program cannot be executed
  pid_t parent;
};

// The child's number, or -1 with errno.
pid_t fork_and_exec(const ExecPlan& plan);

}  // namespace quarry::process
