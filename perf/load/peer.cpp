#include "perf/load/peer.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace quarry::perf {
namespace {

cpu_set_t cores(bool one) {
  static const cpu_set_t all = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  if (!one) return all;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (std::size_t i = CPU_SETSIZE; i-- > 0;) {  // the last: interrupts favour the first
    if (!CPU_ISSET(i, &all)) continue;
    CPU_SET(i, &set);
    break;
  }
  return set;
}

}  // namespace

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void pin_to_one_core(bool pinned) {
  const cpu_set_t set = cores(pinned);
  sched_setaffinity(0, sizeof set, &set);
}

Peer::Peer(const std::vector<std::string>& argv) : buffer_(std::size_t{4} << 20, '\0') {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe failed");
  }
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const int failed = posix_spawn(&pid_, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (failed != 0) throw std::runtime_error("cannot start " + argv[0]);
}

Peer::~Peer() {
  close(to_);
  close(from_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

void Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(to_, bytes.data(), bytes.size());
    if (put <= 0) throw std::runtime_error("the peer does not read any more");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void Peer::fill() {
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const ssize_t got = read(from_, buffer_.data() + end_, buffer_.size() - end_);
  if (got <= 0) throw std::runtime_error("the peer ended");
  end_ += static_cast<std::size_t>(got);
}

std::string_view Peer::receive() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > buffer_.size() / 2) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  std::size_t searched = begin_;
  while (true) {
    const char* base = buffer_.data();
    const void* found = std::memchr(base + searched, '\n', end_ - searched);
    if (found != nullptr) {
      const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - base);
      const std::string_view line(base + begin_, at - begin_);
      begin_ = at + 1;
      return line;
    }
    searched = end_;
    fill();
  }
}

bool Peer::has_line() const {
  return std::memchr(buffer_.data() + begin_, '\n', end_ - begin_) != nullptr;
}

std::int64_t Peer::cpu_ns() const {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

std::int64_t Peer::memory_kib(std::string_view field) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field) && line.substr(field.size(), 1) == ":") {
      return std::strtoll(line.c_str() + field.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

void Peer::pin(bool pinned) const {
  const cpu_set_t set = cores(pinned);
  // Every thread: the workers were started before.
  std::error_code ignored;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task", ignored)) {
    const pid_t thread = static_cast<pid_t>(std::stol(task.path().filename().string()));
    sched_setaffinity(thread, sizeof set, &set);
  }
}

bool is_failure(std::string_view answer) {
  constexpr std::size_t kHead = 60;  // bytes; the longest id of ours ends before
  return answer.ends_with(R"("isError":true}})") ||
         answer.substr(0, kHead).find(R"(,"error":{)") != std::string_view::npos;
}

void must_succeed(std::string_view answer) {
  if (!is_failure(answer)) return;
  throw std::runtime_error("an error is no answer to measure: " +
                           std::string(answer.substr(0, 500)));
}

}  // namespace quarry::perf
