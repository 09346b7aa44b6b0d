#include <cstdio>

#include "server/cli/commands.h"
#include "server/cli/options.h"

namespace quarry::cli {

int delivered(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::fputs("quarry: not all of the output could be written\n", stderr);
  return code == kDone ? kEnvironment : code;
}

}  // namespace quarry::cli
