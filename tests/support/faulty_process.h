// FaultyProcess: a function run in a process of its own, one of whose calls to the file system
// fails, falls short, is its last, or waits for what another process does.
//
// Every call is seen by the kernel's tracing, whoever makes it, so none is left out. Counted are
// those that the function makes while its window is open. Waiting for the disk (fsync) is counted
// and not done, so that thousands of runs take seconds.
//
// Belongs to one thread.

#pragma once

#include <functional>
#include <string>
#include <vector>

namespace quarry::test {

struct Fault {
  enum class Kind {
    kNone,
    kFails,          // once
    kFailsFromThen,  // it and all later ones, until the window closes
    kShort,          // half of a read or a write is done
    kKilledBefore,
    kKilledAfter,
    kMeanwhile,  // it waits until another process has done something
  };
  Kind kind = Kind::kNone;
  std::size_t at = 0;  // the number of the call, from 1 on
  int error = 0;
  std::function<void()> meanwhile{};
};

// Handed to the function: what it does between open() and close() is counted.
class Window {
 public:
  void open();
  void close();
};

struct Ran {
  std::vector<std::string> calls;  // the names of those that were counted
  bool killed = false;
  std::string text;  // what the function returned, when it lived; "died" when it should have
};

// Whether kShort is something else than kNone for a call.
bool may_be_short(const std::string& call);

// False where the kernel forbids to trace: says so once on stderr.
bool can_trace();

Ran run_with(const Fault& fault, const std::function<std::string(Window&)>& function);

}  // namespace quarry::test
