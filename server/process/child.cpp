#include "server/process/child.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/process/exec.h"

namespace quarry::process {
namespace {

constexpr int kFirstFreeFd = 10;  // above every descriptor that the child arranges

Failure cannot_start(const std::string& program, int error) {
  // The name alone: where helpers are installed is nothing a caller needs to know.
  const std::string name = program.substr(program.rfind('/') + 1);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(Code::kUnavailable, "helper '{}' is not installed", name);
    case EACCES:
    case EPERM:
      return fail(Code::kUnavailable, "helper '{}' may not be executed", name);
    case ENOEXEC:
      return fail(Code::kUnavailable, "helper '{}' is not a program for this machine", name);
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return fail(Code::kUnavailable,
                  "helper '{}' cannot be started: out of processes, memory or descriptors; "
                  "call again later",
                  name);
    default:
      return fail(Code::kUnavailable, "helper '{}' cannot be started: {}", name,
                  strerrordesc_np(error));
  }
}

// Out of the way of the descriptors 0 to 3 that the child arranges; close-on-exec.
Result<Fd> raised(const std::string& program, int fd) {
  const Fd low(fd);
  Fd high(fcntl(fd, F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (!high) return cannot_start(program, errno);
  return high;
}

std::string variable(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return std::string(name) + "=" + (value != nullptr && *value != '\0' ? value : fallback);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// The error of the child's exec, 0 when it succeeded: then the pipe closes without a word.
int exec_error(const Fd& report) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(report.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof error) ? error : 0;
}

}  // namespace

Result<Child> Child::start(const std::string& program, const std::vector<std::string>& arguments) {
  if (program.empty() || program.front() != '/') {
    return fail(Code::kUnavailable, "helper '{}' cannot be started: its path is not absolute",
                program);
  }
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment{variable("PATH", "/usr/local/bin:/usr/bin:/bin"),
                                       variable("HOME", "/"), "LANG=C.UTF-8"};
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(environment);

  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return cannot_start(program, errno);
  }
  Fd ours(ends[0]);
  TRY_ASSIGN(const Fd theirs, raised(program, ends[1]));
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return cannot_start(program, errno);
  const Fd report(pipe_ends[0]);
  TRY_ASSIGN(Fd report_end, raised(program, pipe_ends[1]));
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return cannot_start(program, errno);
  TRY_ASSIGN(const Fd null_device, raised(program, null));

  ExecPlan plan{.program = program.c_str(),
                .argv = argv.data(),
                .envp = envp.data(),
                .null_device = null_device.get(),
                .channel = theirs.get(),
                .report = report_end.get(),
                .parent = getpid()};
  const pid_t pid = fork_and_exec(plan);
  if (pid < 0) return cannot_start(program, errno);
  report_end.reset();
  if (const int error = exec_error(report); error != 0) {
    wait_for(pid);
    return cannot_start(program, error);
  }
  return Child(pid, std::move(ours));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    channel_ = std::move(other.channel_);
  }
  return *this;
}

Child::~Child() {
  kill();
}

bool Child::running() {
  if (pid_ < 0) return false;
  siginfo_t ended{};
  // WNOWAIT: while the child is not reaped, its number and its group's cannot be given to others,
  // so that kill() cannot hit them.
  if (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      ended.si_pid == 0) {
    return true;
  }
  kill();
  return false;
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  wait_for(pid_);
  pid_ = -1;
}

}  // namespace quarry::process
