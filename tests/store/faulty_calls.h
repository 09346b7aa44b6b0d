// The system calls of the store, made to fail or recorded: the test program's own write, fsync and
// so on stand before the C library's, for this program alone and without a preloaded library.
//
// Counted are the calls on files below one directory. Belongs to the process's test thread as far
// as planning goes; the calls may come from any thread.

#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace quarry::store {

struct FaultPlan {
  std::string directory;   // absolute; "" ends counting
  long fail_at = 0;        // the number of the call that fails, from 1 on; 0: none
  bool and_after = false;  // all later ones fail, too
  int error = 0;
};

void plan_faults(const FaultPlan& plan);  // begins to count anew
long counted_calls();

// What reached one file, in order.
struct FileOperation {
  enum class Kind { kWrite, kDurableWrite, kSync, kMark };
  Kind kind = Kind::kWrite;
  off_t at = 0;
  std::string bytes;
  int mark = 0;
};

// Until stop_recording(); the file need not exist yet. `made_as`: what it is called before it is
// renamed to `path`.
void record_file(const std::string& path, const std::string& made_as);
void add_mark(int mark);
std::vector<FileOperation> stop_recording();

}  // namespace quarry::store
