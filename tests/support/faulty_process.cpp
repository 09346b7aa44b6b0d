#include "tests/support/faulty_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <elf.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quarry::test {
namespace {

struct Call {
  long number;
  const char* name;
  bool partial = false;  // may do a part of what it was asked
  bool waits = false;    // for the disk
};

constexpr Call kCalls[] = {
#ifdef SYS_open  // the calls that newer machines never had
    {SYS_open, "open"},
    {SYS_mkdir, "mkdir"},
    {SYS_rename, "rename"},
    {SYS_unlink, "unlink"},
    {SYS_readlink, "readlink"},
    {SYS_stat, "stat"},
    {SYS_lstat, "lstat"},
#endif
    {SYS_openat, "openat"},
    {SYS_openat2, "openat2"},
    {SYS_read, "read", true},
    {SYS_pread64, "pread64", true},
    {SYS_write, "write", true},
    {SYS_pwrite64, "pwrite64", true},
    {SYS_fstat, "fstat"},
    {SYS_newfstatat, "newfstatat"},
    {SYS_statx, "statx"},
    {SYS_getdents64, "getdents64"},
    {SYS_readlinkat, "readlinkat"},
    {SYS_faccessat, "faccessat"},
    {SYS_faccessat2, "faccessat2"},
    {SYS_fcntl, "fcntl"},
    {SYS_fchmod, "fchmod"},
    {SYS_fchown, "fchown"},
    {SYS_flistxattr, "flistxattr"},
    {SYS_fgetxattr, "fgetxattr"},
    {SYS_fsetxattr, "fsetxattr"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_fsync, "fsync", false, true},
    {SYS_fdatasync, "fdatasync", false, true},
    {SYS_linkat, "linkat"},
    {SYS_mkdirat, "mkdirat"},
    {SYS_renameat, "renameat"},
    {SYS_renameat2, "renameat2"},
    {SYS_symlinkat, "symlinkat"},
    {SYS_unlinkat, "unlinkat"},
};

const Call* find_call(long number) {
  for (const Call& call : kCalls) {
    if (call.number == number) return &call;
  }
  return nullptr;
}

// The registers of a process that has stopped at a call.
class Registers {
 public:
  explicit Registers(pid_t pid) : pid_(pid) {
    iovec part{&set_, sizeof set_};
    if (ptrace(PTRACE_GETREGSET, pid_, NT_PRSTATUS, &part) != 0) {
      throw std::runtime_error("the registers cannot be read");
    }
  }

#if defined(__x86_64__)
  long call() const {
    return static_cast<long>(set_.orig_rax);
  }
  void leave_out() {
    set_.orig_rax = static_cast<unsigned long long>(-1);
    write();
  }
  void set_result(long result) {
    set_.rax = static_cast<unsigned long long>(result);
    write();
  }
  void halve_size() {
    set_.rdx -= set_.rdx / 2;
    write();
  }
#elif defined(__aarch64__)
  long call() const {
    return static_cast<long>(set_.regs[8]);
  }
  void leave_out() const {
    int none = -1;
    iovec part{&none, sizeof none};
    ptrace(PTRACE_SETREGSET, pid_, 0x404 /* NT_ARM_SYSTEM_CALL */, &part);
  }
  void set_result(long result) {
    set_.regs[0] = static_cast<unsigned long long>(result);
    write();
  }
  void halve_size() {
    set_.regs[2] -= set_.regs[2] / 2;
    write();
  }
#endif

 private:
  void write() {
    iovec part{&set_, sizeof set_};
    ptrace(PTRACE_SETREGSET, pid_, NT_PRSTATUS, &part);
  }

  pid_t pid_;
  user_regs_struct set_{};
};

// Lets the process go on to the next stop. False when it has ended.
bool next_stop(pid_t pid, int& status, int signal = 0) {
  if (ptrace(PTRACE_SYSCALL, pid, 0, signal) != 0) throw std::runtime_error("ptrace failed");
  return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);
}

constexpr int kAtCall = SIGTRAP | 0x80;
constexpr int kToggles = SIGUSR1;  // opens the window, or closes it

// What becomes of a call that is about to be made.
struct Fate {
  bool left_out = false;
  long result = 0;
  bool last = false;
};

class Tracer {
 public:
  Tracer(pid_t pid, const Fault& fault) : pid_(pid), fault_(fault) {}

  // Until it ends.
  Ran follow() {
    int status = 0;
    int signal = 0;
    while (next_stop(pid_, status, signal)) {
      signal = 0;
      if (WSTOPSIG(status) == kToggles) {
        open_ = !open_;
      } else if (WSTOPSIG(status) != kAtCall) {
        signal = WSTOPSIG(status);
      } else if (!at_call(status)) {
        break;
      }
    }
    ran_.killed = ran_.killed && WIFSIGNALED(status);
    if (!ran_.killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) ran_.text = "died";
    return ran_;
  }

 private:
  // It stands before a call; afterwards it stands behind it. False when it has ended.
  bool at_call(int& status) {
    Registers before(pid_);
    const Call* const call = find_call(before.call());
    const Fate fate = call != nullptr ? fate_of(*call, before) : Fate();
    if (ran_.killed) return kill_it(status);
    if (!next_stop(pid_, status)) return false;
    if (fate.left_out) Registers(pid_).set_result(fate.result);
    ran_.killed = fate.last;
    return !fate.last || kill_it(status);
  }

  bool kill_it(int& status) const {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
    return false;
  }

  Fate fate_of(const Call& call, Registers& registers) {
    Fate fate;
    if (open_) {
      ran_.calls.emplace_back(call.name);
      const bool once = ran_.calls.size() == fault_.at;
      const bool from_then =
          fault_.kind == Fault::Kind::kFailsFromThen && ran_.calls.size() >= fault_.at;
      if (from_then || (once && fault_.kind == Fault::Kind::kFails)) {
        fate = {.left_out = true, .result = -fault_.error};
      } else if (once && fault_.kind == Fault::Kind::kKilledBefore) {
        ran_.killed = true;
        return fate;
      } else if (once && fault_.kind == Fault::Kind::kMeanwhile) {
        fault_.meanwhile();
      } else if (once && fault_.kind == Fault::Kind::kKilledAfter) {
        fate.last = true;
      } else if (once && fault_.kind == Fault::Kind::kShort && call.partial) {
        registers.halve_size();
      }
    }
    if (call.waits && !fate.left_out) fate = {.left_out = true, .result = 0, .last = fate.last};
    if (fate.left_out) registers.leave_out();
    return fate;
  }

  pid_t pid_;
  const Fault fault_;
  bool open_ = false;
  Ran ran_;
};

// Keeps this process, and what it starts, on one processor: the two take turns, and hand over four
// times as fast there.
class OneProcessor {
 public:
  OneProcessor() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

void write_text(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t put = write(fd, text.data() + at, text.size() - at);
    if (put <= 0) _exit(3);
    at += static_cast<std::size_t>(put);
  }
}

}  // namespace

bool may_be_short(const std::string& call) {
  for (const Call& one : kCalls) {
    if (one.name == call) return one.partial;
  }
  return false;
}

void Window::open() {
  raise(kToggles);
}

void Window::close() {
  raise(kToggles);
}

bool can_trace() {
  static const bool can = [] {
    const pid_t child = fork();
    if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    const bool allowed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!allowed) std::fputs("left out: this machine forbids ptrace\n", stderr);
    return allowed;
  }();
  return can;
}

Ran run_with(const Fault& fault, const std::function<std::string(Window&)>& function) {
  std::FILE* const told = std::tmpfile();
  if (told == nullptr) throw std::runtime_error("no temporary file");
  const OneProcessor together;
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(2);
    raise(SIGSTOP);
    Window window;
    std::string text;
    try {
      text = function(window);
    } catch (const std::exception& error) {
      text = std::string("threw: ") + error.what();
    }
    write_text(fileno(told), text);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  if (!WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, child, 0, kOptions) != 0) {
    throw std::runtime_error("the process cannot be traced");
  }
  Ran ran = Tracer(child, fault).follow();
  std::rewind(told);
  std::array<char, 4096> piece;
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), told)) {
    ran.text.append(piece.data(), got);
  }
  std::fclose(told);
  return ran;
}

}  // namespace quarry::test
