#include "tests/support/server_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quarry::test {
namespace {

using Clock = std::chrono::steady_clock;

int left_of(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<Millis>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

std::vector<std::string> environment_of(const ServerOptions& options) {
  std::vector<std::string> result;
  const auto replaced = [&](std::string_view entry) {
    for (const auto& [name, value] : options.environment) {
      if (entry.substr(0, name.size()) == name && entry.substr(name.size(), 1) == "=") return true;
    }
    return false;
  };
  if (options.clean_environment) {
    const char* path = std::getenv("PATH");
    result.push_back(std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path));
  } else {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!replaced(*entry)) result.emplace_back(*entry);
    }
  }
  for (const auto& [name, value] : options.environment) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers_of(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

// A second end of ours that leaked into a child would keep its input from ever ending.
void make_pipe(std::array<int, 2>& ends) {
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
}

std::string link_of(int fd) {
  std::array<char, 256> name{};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(path.c_str(), name.data(), name.size());
  return size > 0 ? std::string(name.data(), static_cast<std::size_t>(size)) : "";
}

}  // namespace

ServerProcess::ServerProcess(const ServerOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  make_pipe(in);
  make_pipe(out);
  stderr_file_ = memfd_create("stderr", MFD_CLOEXEC);
  std::vector<std::string> words = options.argv;
  std::vector<std::string> environment = environment_of(options);
  const std::vector<char*> argv = pointers_of(words);
  const std::vector<char*> envp = pointers_of(environment);

  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(options.stderr_fd >= 0 ? options.stderr_fd : stderr_file_, 2);
    for (const int fd : options.closed_fds) ::close(fd);
    // What we happened to inherit is not the server's to have.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    std::signal(SIGPIPE, SIG_DFL);
    if (!options.working_directory.empty() && chdir(options.working_directory.c_str()) != 0) {
      _exit(126);
    }
    if (options.cpu >= 0) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<std::size_t>(options.cpu), &set);
      sched_setaffinity(0, sizeof set, &set);
    }
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_child_ = in[1];
  from_child_ = out[0];
  // Only our end: the child's has its own file description.
  fcntl(to_child_, F_SETFL, fcntl(to_child_, F_GETFL) | O_NONBLOCK);
}

ServerProcess::~ServerProcess() {
  close_stdin();
  close_stdout();
  if (!exit_ && pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (stderr_file_ >= 0) ::close(stderr_file_);
}

bool ServerProcess::write(std::string_view bytes, Millis patience) {
  return write_some(bytes, patience, false);
}

bool ServerProcess::write_while_reading(std::string_view bytes, Millis patience) {
  return write_some(bytes, patience, true);
}

bool ServerProcess::write_some(std::string_view bytes, Millis patience, bool reading) {
  const auto deadline = Clock::now() + patience;
  while (!bytes.empty()) {
    std::array<pollfd, 2> fds{{{to_child_, POLLOUT, 0}, {from_child_, POLLIN, 0}}};
    const int ready = poll(fds.data(), reading && !ended_ ? 2 : 1, left_of(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    if (fds[1].revents != 0) fill(Millis{0});
    if (fds[0].revents == 0) continue;
    const ssize_t put = ::write(to_child_, bytes.data(), bytes.size());
    if (put > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (put < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool ServerProcess::fill(Millis patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    pollfd fd{from_child_, POLLIN, 0};
    const int ready = poll(&fd, 1, left_of(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    std::array<char, 65536> piece{};
    const ssize_t got = ::read(from_child_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    if (taken_ > 0 && taken_ == buffer_.size()) {
      buffer_.clear();
      taken_ = 0;
    }
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }
}

std::optional<std::string> ServerProcess::read_line(Millis patience) {
  const auto deadline = Clock::now() + patience;
  std::size_t searched = 0;  // bytes after taken_ known to hold no newline
  while (true) {
    const std::size_t end = buffer_.find('\n', taken_ + searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(taken_, end - taken_);
      taken_ = end + 1;
      // Amortised: the handed-out part is dropped when it outweighs the rest.
      if (taken_ > (1U << 20) && taken_ > buffer_.size() / 2) {
        buffer_.erase(0, taken_);
        taken_ = 0;
      }
      return line;
    }
    searched = buffer_.size() - taken_;
    if (ended_ || !fill(Millis{left_of(deadline)})) return std::nullopt;
  }
}

std::vector<std::string> ServerProcess::read_to_end(std::string& rest, Millis patience) {
  const auto deadline = Clock::now() + patience;
  std::vector<std::string> lines;
  while (auto line = read_line(Millis{left_of(deadline)})) lines.push_back(std::move(*line));
  rest = buffer_.substr(taken_);
  return lines;
}

void ServerProcess::close_stdin() {
  if (to_child_ >= 0) ::close(std::exchange(to_child_, -1));
}

void ServerProcess::close_stdout() {
  if (from_child_ >= 0) ::close(std::exchange(from_child_, -1));
}

void ServerProcess::signal(int number) const {
  if (!exit_) kill(pid_, number);
}

std::optional<Exit> ServerProcess::wait_exit(Millis patience) {
  if (exit_) return exit_;
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) throw std::runtime_error("pidfd_open failed");
  pollfd fd{handle, POLLIN, 0};
  const auto deadline = Clock::now() + patience;
  int ready = 0;
  do {
    ready = poll(&fd, 1, left_of(deadline));
  } while (ready < 0 && errno == EINTR);
  ::close(handle);
  if (ready <= 0) return std::nullopt;
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_ = WIFSIGNALED(status) ? Exit{true, WTERMSIG(status)} : Exit{false, WEXITSTATUS(status)};
  return exit_;
}

std::string ServerProcess::stderr_text() const {
  std::string text;
  std::array<char, 65536> piece{};
  ssize_t got = 0;
  while ((got = pread(stderr_file_, piece.data(), piece.size(), static_cast<off_t>(text.size()))) >
         0) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string ServerProcess::stdin_pipe() const {
  return link_of(to_child_);
}
std::string ServerProcess::stdout_pipe() const {
  return link_of(from_child_);
}

std::int64_t ServerProcess::memory_kib(std::string_view field) const {
  return process_memory_kib(pid_, field);
}

std::int64_t process_memory_kib(pid_t pid, std::string_view field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field) && line.substr(field.size(), 1) == ":") {
      return std::strtoll(line.c_str() + field.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

}  // namespace quarry::test
