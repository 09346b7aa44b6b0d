// Child: a helper program that this process started, passive: it is fed and read by its owner.
//
// The child gets its own process group, the null device on stdin and stdout, our stderr, one end
// of a socketpair as descriptor 3, a cleared environment (PATH, HOME, LANG only), no other
// descriptor of ours, and SIGKILL when this process dies. Destruction kills the group and reaps.
//
// Thread-compatible.

#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "server/base/fd.h"
#include "server/base/result.h"

namespace quarry::process {

class Child {
 public:
  // `program` is an absolute path. kUnavailable when it cannot be started.
  static Result<Child> start(const std::string& program, const std::vector<std::string>& arguments);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  int channel() const { return channel_.get(); }  // our end of the socketpair, close-on-exec
  pid_t pid() const { return pid_; }
  bool running();
  void kill();  // the group, at once; reaps

 private:
  Child(pid_t pid, Fd channel) : pid_(pid), channel_(std::move(channel)) {}
  pid_t pid_ = -1;
  Fd channel_;
};

}  // namespace quarry::process
