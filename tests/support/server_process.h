// ServerProcess: the real binary as a client has it: a child behind two pipes.
//
// Spawns argv, writes bytes to its stdin and reads whole lines from its stdout, every wait
// bounded. Its stderr goes to a file that stderr_text() returns. The destructor kills what is left.
//
// Also used by perf/load and the tour, so it needs nothing but the standard library.
// Belongs to one thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace quarry::test {

using Millis = std::chrono::milliseconds;

// How long a test waits for what must come. Generous: it bounds a hang, it measures nothing.
inline constexpr Millis kPatience{30'000};

struct ServerOptions {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;  // added to, or replacing, ours
  bool clean_environment = false;                                // start from PATH only
  std::vector<int> closed_fds;                                   // of 0, 1, 2: closed before exec
  std::string working_directory;                                 // empty: ours
  int stderr_fd = -1;  // given to the child instead of the kept file
  int cpu = -1;        // pinned to this processor when not negative
};

struct Exit {
  bool signalled = false;
  int code = 0;  // the exit code, or the signal
};

class ServerProcess {
 public:
  // Throws std::runtime_error when the program cannot be started.
  explicit ServerProcess(const ServerOptions& options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Writes everything, reading nothing meanwhile. False when the reader is gone or `patience`
  // passed while the pipe was full.
  bool write(std::string_view bytes, Millis patience = kPatience);
  // Writes `bytes` while reading whatever comes into the line buffer, so that neither side can
  // block the other. False when the pipe broke or `patience` passed first.
  bool write_while_reading(std::string_view bytes, Millis patience = kPatience);
  // The next line without its newline; nothing at end of output or when `patience` passed.
  std::optional<std::string> read_line(Millis patience = kPatience);
  // Every line until end of output, and the unfinished rest, if any, as `rest`.
  std::vector<std::string> read_to_end(std::string& rest, Millis patience = kPatience);
  bool ended() const { return ended_; }  // end of output was seen

  void close_stdin();
  void close_stdout();
  void signal(int number) const;
  // Nothing when it still runs after `patience`.
  std::optional<Exit> wait_exit(Millis patience = kPatience);

  std::string stderr_text() const;
  // The kernel's names of our ends, "pipe:[N]": what no grandchild may hold.
  std::string stdin_pipe() const;
  std::string stdout_pipe() const;
  // A figure in KiB from /proc/<pid>/status, such as "VmHWM" or "VmRSS"; 0 when unknown.
  std::int64_t memory_kib(std::string_view field) const;

 private:
  bool write_some(std::string_view bytes, Millis patience, bool reading);
  bool fill(Millis patience);  // one read into buffer_; false when nothing came

  pid_t pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  int stderr_file_ = -1;
  bool ended_ = false;
  std::string buffer_;
  std::size_t taken_ = 0;  // bytes of buffer_ already handed out as lines
  std::optional<Exit> exit_;
};

// A figure in KiB from /proc/<pid>/status of any process; 0 when unknown.
std::int64_t process_memory_kib(pid_t pid, std::string_view field);

}  // namespace quarry::test
