#include "server/process/child.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <catch2/catch.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_workspace.h"

namespace quarry::process {
namespace {

// What the child writes to its channel until it ends or closes it.
std::string read_all(int fd) {
  std::string out;
  char piece[4096];
  for (;;) {
    const ssize_t got = read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return out;
    out.append(piece, static_cast<std::size_t>(got));
  }
}

std::string output_of(const std::string& script) {
  Result<Child> child = Child::start("/bin/sh", {"-c", script});
  REQUIRE(child);
  return read_all(child->channel());
}

// Of a process that this one forked; 128 and the signal when one ended it.
int exit_code(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string self() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : "";
}

// The numbers of this process's open descriptors, with a space after each.
std::string open_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return "no /proc";
  std::vector<int> numbers;
  while (const dirent* entry = readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != dirfd(directory)) numbers.push_back(fd);
  }
  closedir(directory);
  std::sort(numbers.begin(), numbers.end());
  std::string out;
  for (const int fd : numbers) out += std::to_string(fd) + " ";
  return out;
}

std::string link_of(int fd) {
  char target[4096];
  const ssize_t length =
      readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : "none";
}

// These two are no tests of their own but the other half of the next two, executed as children.
// Run by hand they have no channel and say so.
TEST_CASE("child reports its descriptors", "[.child]") {
  struct stat channel {};
  REQUIRE(fstat(3, &channel) == 0);
  REQUIRE(S_ISSOCK(channel.st_mode));
  const std::string text = open_descriptors();
  REQUIRE(write(3, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

TEST_CASE("child reports where its descriptors lead", "[.child]") {
  struct stat channel {};
  REQUIRE(fstat(3, &channel) == 0);
  REQUIRE(S_ISSOCK(channel.st_mode));
  std::string text;
  for (int fd = 0; fd < 4; ++fd) text += link_of(fd) + "\n";
  char byte = 0;
  text += read(0, &byte, 1) == 0 ? "end of input\n" : "input\n";
  REQUIRE(write(3, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// P8: children do not inherit the protocol's descriptors.
TEST_CASE("child inherits no descriptor but its own four (P8)") {
  // Not close-on-exec, as a library's might be, low and high.
  const Fd low(open("/etc/passwd", O_RDONLY));
  const Fd high(fcntl(low.get(), F_DUPFD, 900));
  REQUIRE(low);
  REQUIRE(high);
  REQUIRE((fcntl(low.get(), F_GETFD) & FD_CLOEXEC) == 0);
  Result<Child> child = Child::start(self(), {"child reports its descriptors"});
  REQUIRE(child);
  CHECK(read_all(child->channel()) == "0 1 2 3 ");
}

TEST_CASE("child gets the null device, our stderr and a socket (P8)") {
  Result<Child> child = Child::start(self(), {"child reports where its descriptors lead"});
  REQUIRE(child);
  const std::string seen = read_all(child->channel());
  INFO(seen);
  CHECK(seen.find("/dev/null\n/dev/null\n" + link_of(2) + "\nsocket:[") == 0);
  CHECK(seen.find("]\nend of input\n") != std::string::npos);
}

TEST_CASE("child is in a process group of its own (P8)") {
  const std::string pgid = output_of("exec cut -d' ' -f1,5 /proc/self/stat >&3");
  const std::size_t space = pgid.find(' ');
  REQUIRE(space != std::string::npos);
  CHECK(pgid.substr(0, space) + "\n" == pgid.substr(space + 1));
  CHECK(pgid.substr(0, space) != std::to_string(getpgrp()));
}

TEST_CASE("child's environment holds PATH, HOME and LANG only") {
  setenv("QUARRY_TEST_SECRET", "x", 1);
  setenv("LD_PRELOAD_NOT", "x", 1);
  std::string names = output_of("tr '\\0' '\\n' < /proc/$$/environ | sort >&3");
  unsetenv("QUARRY_TEST_SECRET");
  unsetenv("LD_PRELOAD_NOT");
  INFO(names);
  CHECK(std::count(names.begin(), names.end(), '\n') == 3);
  CHECK(names.find("HOME=") == 0);
  CHECK(names.find("\nLANG=C.UTF-8\nPATH=/") != std::string::npos);
}

TEST_CASE("child starts with default signals and an empty mask") {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before {};
  REQUIRE(sigaction(SIGPIPE, &ignore, &before) == 0);
  sigset_t blocked;
  sigset_t mask_before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &mask_before);
  const std::string seen = output_of("exec grep -E '^Sig(Blk|Ign):' /proc/self/status >&3");
  sigset_t mask_after;
  sigprocmask(SIG_SETMASK, &mask_before, &mask_after);
  sigaction(SIGPIPE, &before, nullptr);
  CHECK(seen == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  CHECK(sigismember(&mask_after, SIGTERM) == 1);
  CHECK(sigismember(&mask_after, SIGUSR1) == 0);  // ours is as it was
}

TEST_CASE("child channel carries bytes both ways") {
  Result<Child> child = Child::start("/bin/sh", {"-c", "read line <&3; echo \"got $line\" >&3"});
  REQUIRE(child);
  CHECK((fcntl(child->channel(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(send(child->channel(), "ping\n", 5, MSG_NOSIGNAL) == 5);
  CHECK(read_all(child->channel()) == "got ping\n");
}

TEST_CASE("child that cannot be started is unavailable and named") {
  const test::TempWorkspace files({{"text", "no program"},
                                   {"broken",
                                    "\x7f"
                                    "ELF broken"}});
  REQUIRE(chmod(files.path("broken").c_str(), 0755) == 0);
  struct Row {
    const char* name;
    std::string program;
    std::string want;
  };
  const Row rows[] = {
      {"missing", files.path("missing"), "helper 'missing' is not installed"},
      {"not executable", files.path("text"), "helper 'text' may not be executed"},
      {"no program", files.path("broken"), "helper 'broken' is not a program for this machine"},
      {"directory", files.root(), "helper 'root' may not be executed"},
      {"relative", "sh", "helper 'sh' cannot be started: its path is not absolute"},
      {"empty", "", "helper '' cannot be started: its path is not absolute"},
  };
  const std::string before = open_descriptors();
  for (const Row& row : rows) {
    INFO(row.name);
    const Result<Child> child = Child::start(row.program, {});
    REQUIRE_FALSE(child);
    CHECK(child.error().code == Code::kUnavailable);
    CHECK(child.error().message == row.want);
  }
  CHECK(open_descriptors() == before);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);  // no zombie either
  CHECK(errno == ECHILD);
}

TEST_CASE("child start without free descriptors is unavailable and leaks none") {
  const std::string before = open_descriptors();
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  int refused = 0;
  int started = 0;
  for (rlim_t allowed = 3; allowed < 24; ++allowed) {
    const rlimit less{allowed, limit.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &less) == 0);
    const Result<Child> child = Child::start("/bin/sh", {"-c", "exit 0"});
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (child) {
      ++started;
    } else {
      ++refused;
      CHECK(child.error().code == Code::kUnavailable);
    }
  }
  CHECK(refused > 0);
  CHECK(started > 0);
  CHECK(open_descriptors() == before);
}

TEST_CASE("child running turns false when it has ended and leaves no zombie") {
  Result<Child> child = Child::start("/bin/sh", {"-c", "read line <&3; exit 3"});
  REQUIRE(child);
  CHECK(child->running());
  const pid_t pid = child->pid();
  REQUIRE(shutdown(child->channel(), SHUT_WR) == 0);
  siginfo_t ended{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(child->running());
  CHECK_FALSE(child->running());
  CHECK(waitpid(pid, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("child kill ends the whole group and reaps") {
  for (const bool by_destruction : {false, true}) {
    pid_t pid = -1;
    Fd channel_copy;
    {
      // The grandchild holds the channel too: its end is the end of the whole group.
      Result<Child> child =
          Child::start("/bin/sh", {"-c", "sleep 60 & echo started >&3; wait; sleep 60"});
      REQUIRE(child);
      pid = child->pid();
      char line[16];
      REQUIRE(read(child->channel(), line, sizeof line) == 8);
      channel_copy = Fd(fcntl(child->channel(), F_DUPFD_CLOEXEC, 0));
      if (!by_destruction) {
        child->kill();
        CHECK_FALSE(child->running());
        child->kill();  // again: nothing to do
      }
    }
    CHECK(read_all(channel_copy.get()).empty());
    CHECK(waitpid(pid, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
  }
}

TEST_CASE("child kill ends what a crashed child left in its group") {
  Result<Child> child =
      Child::start("/bin/sh", {"-c", "sleep 60 & echo started >&3; kill -SEGV $$"});
  REQUIRE(child);
  siginfo_t ended{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(child->pid()), &ended, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(child->running());
  CHECK(read_all(child->channel()) == "started\n");  // ends: the sleeper is gone too
}

TEST_CASE("child moves and its old owner does not kill it") {
  Result<Child> first = Child::start("/bin/sh", {"-c", "read line <&3; echo one >&3"});
  Result<Child> second = Child::start("/bin/sh", {"-c", "sleep 60"});
  REQUIRE(first);
  REQUIRE(second);
  const pid_t replaced = second->pid();
  { *second = std::move(*first); }
  CHECK(waitpid(replaced, nullptr, WNOHANG) == -1);  // killed and reaped
  CHECK_FALSE(first->running());
  CHECK(second->running());
  REQUIRE(send(second->channel(), "\n", 1, MSG_NOSIGNAL) == 1);
  CHECK(read_all(second->channel()) == "one\n");
}

TEST_CASE("child dies with the process that started it") {
  // As the reaper of orphans this process can wait for the grandchild.
  REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const pid_t middle = fork();
  REQUIRE(middle >= 0);
  if (middle == 0) {
    Result<Child> child = Child::start("/bin/sh", {"-c", "exec sleep 60"});
    const pid_t pid = child ? child->pid() : -1;
    if (write(to.get(), &pid, sizeof pid) != static_cast<ssize_t>(sizeof pid)) _exit(127);
    for (;;) pause();
  }
  to.reset();
  pid_t grandchild = -1;
  REQUIRE(read(from.get(), &grandchild, sizeof grandchild) ==
          static_cast<ssize_t>(sizeof grandchild));
  REQUIRE(grandchild > 0);
  REQUIRE(::kill(grandchild, 0) == 0);
  REQUIRE(::kill(middle, SIGKILL) == 0);
  CHECK(exit_code(middle) == 128 + SIGKILL);
  CHECK(exit_code(grandchild) == 128 + SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
}  // namespace quarry::process
