// The protections tried out at start-up: what is claimed must hold on this machine.

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/sandbox/confine.h"
#include "server/sandbox/workspace.h"

namespace quarry::sandbox {
namespace {

struct Link {
  const char* name;
  const char* target;
};
constexpr std::array<Link, 3> kLinks{{{"/inside", "."}, {"/relative", ".."}, {"/absolute", "/"}}};

// <scratch>/self-test, a root that holds only links. It is made once and stays: writing it anew
// would be most of what a start costs, and a start that is killed would leave it behind.
Result<std::string> make_trap(const std::string& scratch) {
  const std::string root = scratch + "/self-test";
  bool made = mkdir(root.c_str(), 0700) == 0 || errno == EEXIST;
  for (const Link& link : kLinks) {
    made = made && (symlink(link.target, (root + link.name).c_str()) == 0 || errno == EEXIST);
  }
  if (made) return root;
  return fail(Code::kUnavailable, "the self-test cannot make files in the state directory: {}",
              strerrordesc_np(errno));
}

Result<void> try_resolver(const std::string& root, Workspace::Resolver resolver,
                          std::string_view protection) {
  TRY_ASSIGN(const auto workspace, Workspace::open(root, resolver, true));
  const auto opens = [&](std::string_view name) -> Result<bool> {
    TRY_ASSIGN(const Path path, Path::parse(name, root));
    return workspace->open_directory(path).has_value();
  };
  // A resolver that opens nothing would pass the rest.
  TRY_ASSIGN(const bool usable, opens("inside"));
  if (!usable) return fail(Code::kInternal, "self-test: {} opens nothing inside", protection);
  for (const std::string_view escape :
       {"relative", "absolute", "inside/relative", "inside/absolute"}) {
    TRY_ASSIGN(const bool escaped, opens(escape));
    if (escaped) {
      return fail(Code::kInternal, "self-test: {} followed a symbolic link out of the root",
                  protection);
    }
  }
  for (const std::string_view outside : {"..", "inside/..", "/"}) {
    if (Path::parse(outside, root)) {
      return fail(Code::kInternal, "self-test: '{}' was accepted as a path in the root", outside);
    }
  }
  return {};
}

Result<void> try_landlock() {
  const Fd fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) return fail(Code::kInternal, "self-test: landlock let '/' be opened");
  if (errno == EACCES) return {};
  return fail(Code::kInternal, "self-test: opening '/' failed for another reason than landlock: {}",
              strerrordesc_np(errno));
}

}  // namespace

Result<void> self_test(const Confinement& claimed, const std::string& scratch,
                       Workspace::Resolver resolver) {
  using Resolver = Workspace::Resolver;
  TRY_ASSIGN(const std::string trap, make_trap(scratch));
  if (claimed.openat2 && resolver != Resolver::kComponentWalk) {
    TRY(try_resolver(trap, Workspace::Resolver::kOpenat2, "openat2"));
  }
  if (resolver != Resolver::kOpenat2) {
    TRY(try_resolver(trap, Resolver::kComponentWalk, "the component walk"));
  }
  if (claimed.enforced && !claimed.grants_everything) TRY(try_landlock());
  return {};
}

}  // namespace quarry::sandbox
