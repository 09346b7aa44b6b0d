#include "server/git/helper/confinement.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <initializer_list>
#include <memory>

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/base/limits.h"
#include "server/sandbox/confine.h"

namespace quarry::git::helper {
namespace {

constexpr rlim_t kGiB = rlim_t{1} << 30;

Result<void> limit(int resource, rlim_t value, std::string_view name) {
  rlimit now{};
  getrlimit(static_cast<__rlimit_resource_t>(resource), &now);
  const rlim_t bound = std::min(value, now.rlim_max);
  const rlimit wanted{bound, bound};
  if (setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) == 0) return {};
  return fail(Code::kInternal, "the limit on {} cannot be set (error {})", name, errno);
}

Result<void> set_limits() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // The sanitizers reserve terabytes of addresses.
  TRY(limit(RLIMIT_AS, standard<rlim_t>(Limit::kGitHelperMemory), "memory"));
#endif
  TRY(limit(RLIMIT_NOFILE, 256, "descriptors"));
  // Not 0, and no signal: stderr may be a log file, and a line that does not fit is only lost.
  std::signal(SIGXFSZ, SIG_IGN);
  TRY(limit(RLIMIT_FSIZE, kGiB / 4, "file size"));
  TRY(limit(RLIMIT_CORE, 0, "core dumps"));
  return {};
}

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

Result<void> deny_system_calls() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  if (filter == nullptr) return fail(Code::kInternal, "the system call filter cannot be made");
  int worst = 0;
  for (const int call : {SCMP_SYS(execve),
                         SCMP_SYS(execveat),
                         SCMP_SYS(fork),
                         SCMP_SYS(vfork),
                         SCMP_SYS(socket),
                         SCMP_SYS(socketpair),
                         SCMP_SYS(connect),
                         SCMP_SYS(bind),
                         SCMP_SYS(listen),
                         SCMP_SYS(accept),
                         SCMP_SYS(accept4),
                         SCMP_SYS(ptrace),
                         SCMP_SYS(process_vm_readv),
                         SCMP_SYS(process_vm_writev),
                         SCMP_SYS(process_madvise),
                         SCMP_SYS(pidfd_open),
                         SCMP_SYS(pidfd_getfd),
                         SCMP_SYS(pidfd_send_signal),
                         SCMP_SYS(mount),
                         SCMP_SYS(umount2),
                         SCMP_SYS(pivot_root),
                         SCMP_SYS(chroot),
                         SCMP_SYS(fsopen),
                         SCMP_SYS(fsmount),
                         SCMP_SYS(open_tree),
                         SCMP_SYS(move_mount),
                         SCMP_SYS(unshare),
                         SCMP_SYS(setns),
                         SCMP_SYS(bpf),
                         SCMP_SYS(perf_event_open),
                         SCMP_SYS(io_uring_setup),
                         SCMP_SYS(userfaultfd),
                         SCMP_SYS(keyctl),
                         SCMP_SYS(add_key),
                         SCMP_SYS(request_key),
                         SCMP_SYS(chmod),
                         SCMP_SYS(fchmod),
                         SCMP_SYS(fchmodat),
                         SCMP_SYS(chown),
                         SCMP_SYS(fchown),
                         SCMP_SYS(fchownat),
                         SCMP_SYS(lchown),
                         SCMP_SYS(setxattr),
                         SCMP_SYS(lsetxattr),
                         SCMP_SYS(fsetxattr),
                         SCMP_SYS(removexattr),
                         SCMP_SYS(lremovexattr),
                         SCMP_SYS(fremovexattr),
                         SCMP_SYS(utime),
                         SCMP_SYS(utimes),
                         SCMP_SYS(utimensat),
                         SCMP_SYS(mknod),
                         SCMP_SYS(mknodat),
                         SCMP_SYS(mkdir),
                         SCMP_SYS(mkdirat),
                         SCMP_SYS(rename),
                         SCMP_SYS(renameat),
                         SCMP_SYS(renameat2),
                         SCMP_SYS(link),
                         SCMP_SYS(linkat),
                         SCMP_SYS(symlink),
                         SCMP_SYS(symlinkat),
                         SCMP_SYS(unlink),
                         SCMP_SYS(unlinkat),
                         SCMP_SYS(rmdir),
                         SCMP_SYS(truncate),
                         SCMP_SYS(ftruncate),
                         SCMP_SYS(kexec_load),
                         SCMP_SYS(init_module),
                         SCMP_SYS(finit_module),
                         SCMP_SYS(swapon),
                         SCMP_SYS(reboot)}) {
    worst = std::min(worst, seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0));
  }
  // A new process is refused, a new thread is not. The flags of clone3 lie in memory where a
  // filter cannot see them: ENOSYS makes the C library use clone.
  const scmp_arg_cmp no_thread{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0};
  worst = std::min(worst, seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM),
                                                 SCMP_SYS(clone), 1, &no_thread));
  worst =
      std::min(worst, seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
  // Signals only to itself (abort), never to another process.
  const scmp_arg_cmp other{0, SCMP_CMP_NE, static_cast<scmp_datum_t>(getpid()), 0};
  for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill)}) {
    worst = std::min(worst,
                     seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 1, &other));
  }
  worst = std::min(worst, seccomp_load(filter.get()));
  if (worst < 0) return fail(Code::kInternal, "the system call filter is refused ({})", worst);
  return {};
}

}  // namespace

Result<void> confine_to(const std::string& root) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(Code::kInternal, "tracing or new privileges cannot be forbidden");
  }
  TRY(set_limits());
  sandbox::Grants grants;
  grants.read_only = {root};
  TRY(sandbox::confine(grants));
  return deny_system_calls();
}

void limit_processor_time(std::uint64_t budget_ms) {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  rlimit bound{};
  if (getrlimit(RLIMIT_CPU, &bound) != 0) return;
  const std::uint64_t seconds = static_cast<std::uint64_t>(used.tv_sec) + budget_ms / 1000 + 3;
  bound.rlim_cur = std::min<rlim_t>(seconds, bound.rlim_max);
  setrlimit(RLIMIT_CPU, &bound);  // SIGXCPU ends the process
}

Result<void> test_confinement(const std::string& root) {
  const auto worked = [](std::string_view what) {
    return fail(Code::kInternal, "the git helper's confinement does not hold: {} worked", what);
  };
  std::array<char*, 1> none = {nullptr};
  execve("/bin/true", none.data(), none.data());  // does not return when it works
  if (const pid_t child = fork(); child >= 0) {
    if (child == 0) _exit(0);
    return worked("starting a process");
  }
  if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0) return worked("opening a socket");
  if (kill(getppid(), 0) == 0) return worked("a signal to another process");
  const std::string inside = root + "/.quarry-git-self-test";
  if (openat(AT_FDCWD, inside.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) >= 0) {
    return worked("creating a file");
  }
  if (openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 &&
      sandbox::probe().landlock_abi > 0) {
    return worked("reading a file outside the root");
  }
  return {};
}

}  // namespace quarry::git::helper
