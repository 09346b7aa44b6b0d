#include "server/process/exec.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quarry::process {
namespace {

constexpr int kChannelFd = 3;
constexpr unsigned int kFirstForeignFd = 4;

[[noreturn]] void give_up(const ExecPlan& plan) {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(plan.report, &error, sizeof error);
  _exit(127);
}

// A library of this process may hold descriptors that are not close-on-exec.
void hide_foreign_descriptors() {
  if (syscall(SYS_close_range, kFirstForeignFd, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  rlimit limit{};
  const bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (1U << 20U);
  const int end = known ? static_cast<int>(limit.rlim_cur) : 1 << 20;
  for (int fd = static_cast<int>(kFirstForeignFd); fd < end; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// Asks the kernel and not the C library, which keeps two signals to itself (32 and 33): who
// started us may have left them ignored, and an exec would pass that on.
void reset_signals() {
  struct {
    void* handler = nullptr;  // SIG_DFL
    unsigned long flags = 0;
    void* restorer = nullptr;
    unsigned long mask = 0;
  } const standard;
  for (int signal = 1; signal < NSIG; ++signal) {
    syscall(SYS_rt_sigaction, signal, &standard, nullptr, sizeof standard.mask);
  }
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// In the child, on the parent's memory: system calls only, nothing of the parent's is written.
[[noreturn]] void become(const ExecPlan& plan) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan);
  if (getppid() != plan.parent) _exit(127);  // the parent died before the line above took hold
  if (setpgid(0, 0) != 0) give_up(plan);
  if (dup2(plan.null_device, STDIN_FILENO) < 0 || dup2(plan.null_device, STDOUT_FILENO) < 0 ||
      dup2(plan.channel, kChannelFd) < 0) {
    give_up(plan);
  }
  if (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(plan.null_device, STDERR_FILENO) < 0) {
    give_up(plan);
  }
  hide_foreign_descriptors();
  reset_signals();
  execve(plan.program, plan.argv, plan.envp);
  give_up(plan);
}

}  // namespace

pid_t fork_and_exec(const ExecPlan& plan) {
  // No handler of the parent's may run in the child, on the memory that both share.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = vfork();
  if (pid == 0) become(plan);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

}  // namespace quarry::process
