// quarry-git: git facts of one workspace for the quarry server, which starts it.
//
//   quarry-git ROOT              serves requests on descriptor 3
//   quarry-git --self-test ROOT  tries what its confinement must prevent; exit code 0 when it does

#include <cstdio>
#include <cstring>
#include <string>

#include <unistd.h>

#include "server/git/helper/confinement.h"
#include "server/git/helper/files.h"
#include "server/git/helper/fold_case.h"
#include "server/git/helper/serve.h"

namespace {

constexpr int kChannel = 3;
constexpr int kUsage = 2;
constexpr int kEnvironment = 3;

int complain(const std::string& message, int code) {
  std::fprintf(stderr, "quarry-git: %s\n", message.c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace quarry::git::helper;
  const bool self_test = argc == 3 && std::strcmp(argv[1], "--self-test") == 0;
  if (!self_test && argc != 2) {
    return complain("started by the quarry server as 'quarry-git ROOT'", kUsage);
  }
  const std::string root = argv[argc - 1];
  if (!root.starts_with('/')) return complain("ROOT must be absolute", kUsage);
  open_case_folding();
  resident_bytes();  // opens /proc/self/statm while that is possible
  if (const auto confined = confine_to(root); !confined) {
    return complain(confined.error().message, kEnvironment);
  }
  if (self_test) {
    const auto held = test_confinement(root);
    _exit(held ? 0 : complain(held.error().message, 1));
  }
  serve(kChannel, root);
  // Nothing here outlives the process; ending is fast then, and no exit handler (such as a leak
  // checker's, which wants to trace) meets the confinement.
  _exit(0);
}
