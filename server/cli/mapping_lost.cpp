#include "server/cli/mapping_lost.h"

#include <csignal>
#include <string>

#include "server/base/log.h"

namespace quarry::cli {
namespace {

// Put together beforehand: a signal handler may not.
std::string& said() {
  static std::string line;
  return line;
}

void tell(int signal) {
  log::put(said());
  (void)raise(signal);  // its default follows, whoever sent it: it is blocked until here
}

}  // namespace

void tell_of_lost_mappings() {
  said() =
      log::line(log::Level::kError,
                "a mapped file, most likely of the state directory, was cut short by another "
                "program or its disk failed (SIGBUS): quarry ends; start it again, and it says "
                "what was damaged");
  struct sigaction action {};
  action.sa_handler = tell;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace quarry::cli
