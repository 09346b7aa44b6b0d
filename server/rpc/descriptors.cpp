#include "server/rpc/descriptors.h"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

namespace quarry::rpc {
namespace {

// Read by the signal handlers; set once, before the first thread.
std::atomic<int> input_fd{-1};
std::atomic<int> ended_fd{-1};
std::atomic<pid_t> parent{0};
// Set by them.
std::atomic<bool> by_signal{false};

// Not one of the signals that a user or a shell sends.
constexpr int kParentDied = SIGUSR1;

void end_the_input(int /*signal*/) {
  const int saved = errno;
  by_signal.store(true, std::memory_order_relaxed);
  dup2(ended_fd.load(std::memory_order_relaxed), input_fd.load(std::memory_order_relaxed));
  errno = saved;
}

// The kernel sends this when the thread that started us ends, which in a multi-threaded client is
// not yet the end of the client.
void parent_thread_ended(int signal) {
  if (getppid() != parent.load(std::memory_order_relaxed)) end_the_input(signal);
}

}  // namespace

Result<Descriptors> take_protocol_descriptors() {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return fail(Code::kUnavailable, "cannot open /dev/null");
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) dup2(null, fd);
  }
  Descriptors own{Fd(fcntl(0, F_DUPFD_CLOEXEC, 3)), Fd(fcntl(1, F_DUPFD_CLOEXEC, 3))};
  if (!own.in || !own.out) return fail(Code::kUnavailable, "cannot copy the standard descriptors");
  dup2(null, 0);
  dup2(2, 1);
  if (null > 2) close(null);
  return own;
}

Result<void> end_input_on_signals(int in) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Code::kUnavailable, "cannot make a pipe");
  close(ends[1]);
  ended_fd.store(ends[0], std::memory_order_relaxed);
  input_fd.store(in, std::memory_order_relaxed);
  parent.store(getppid(), std::memory_order_relaxed);

  struct sigaction action {};
  action.sa_handler = end_the_input;  // without SA_RESTART: a blocked read returns
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &action, nullptr);
  action.sa_handler = parent_thread_ended;
  sigaction(kParentDied, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);

  prctl(PR_SET_PDEATHSIG, kParentDied);
  // The parent may have died before the line above: then no signal comes.
  if (getppid() != parent.load(std::memory_order_relaxed)) end_the_input(kParentDied);
  return {};
}

bool ended_by_signal() {
  return by_signal.load(std::memory_order_relaxed);
}

// The signal goes to the main thread, the only one that does not block it, and ends its read.
void end_input() {
  if (input_fd.load(std::memory_order_relaxed) >= 0) kill(getpid(), SIGTERM);
}

void leave_within(int milliseconds) {
  struct sigaction action {};
  action.sa_handler = [](int /*signal*/) { _exit(0); };
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer{};
  timer.it_value = {milliseconds / 1000, static_cast<suseconds_t>(milliseconds % 1000) * 1000};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

Fd open_null() {
  return Fd(open("/dev/null", O_RDWR | O_CLOEXEC));
}

}  // namespace quarry::rpc
