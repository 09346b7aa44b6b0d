// The protections tried out at start-up: what is claimed must hold on this machine.

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/sandbox/confine.h"
#include "server/sandbox/resolve.h"
#include "server/sandbox/workspace.h"

namespace quarry::sandbox {
namespace {

struct Link {
  const char* name;
  const char* target;
};
constexpr std::array<Link, 3> kLinks{{{"/inside", "."}, {"/relative", ".."}, {"/absolute", "/"}}};

void remove_trap(const std::string& root) {
  for (const Link& link : kLinks) unlink((root + link.name).c_str());
  rmdir(root.c_str());
}

bool is_link_to(const std::string& path, std::string_view target) {
  std::array<char, 8> found;  // longer than any of them
  const ssize_t size = readlink(path.c_str(), found.data(), found.size());
  return size >= 0 && std::string_view(found.data(), static_cast<std::size_t>(size)) == target;
}

// Makes what is not there of a root that holds only links. False when that cannot be, or when
// something else stands there.
bool make_kept(const std::string& root) {
  struct stat status {};
  if (mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) return false;
  if (lstat(root.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
  return std::ranges::all_of(kLinks, [&](const Link& link) {
    const std::string path = root + link.name;
    return is_link_to(path, link.target) || symlink(link.target, path.c_str()) == 0;
  });
}

// The same, made anew: what another start or anybody else left behind must not
// be taken for a protection that fails.
Result<std::string> make_trap(std::span<const std::string> places) {
  int error = ENOENT;
  for (const std::string& place : places) {
    std::string root = place + "/quarry-self-test.XXXXXX";
    bool made = mkdtemp(root.data()) != nullptr;
    error = errno;
    if (!made) continue;
    for (const Link& link : kLinks) {
      made = made && symlink(link.target, (root + link.name).c_str()) == 0;
    }
    if (made) return root;
    error = errno;
    remove_trap(root);
  }
  return fail(Code::kUnavailable, "no directory can be made to try the sandbox in: {}",
              strerrordesc_np(error));
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

}  // namespace

Result<void> test_resolvers(const std::string& keeps, std::span<const std::string> places,
                            Workspace::Resolver resolver) {
  using Resolver = Workspace::Resolver;
  std::string trap = keeps + "/self-test";
  const bool kept = !keeps.empty() && make_kept(trap);
  if (!kept) {
    TRY_ASSIGN(trap, make_trap(places));
  }
  Result<void> tested;
  if (has_openat2() && resolver != Resolver::kComponentWalk) {
    tested = try_resolver(trap, Resolver::kOpenat2, "openat2");
  }
  if (tested && resolver != Resolver::kOpenat2) {
    tested = try_resolver(trap, Resolver::kComponentWalk, "the component walk");
  }
  if (!kept) remove_trap(trap);
  return tested;
}

Result<void> test_landlock(const Confinement& claimed) {
  if (!claimed.enforced || claimed.grants_everything) return {};
  const Fd fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) return fail(Code::kInternal, "self-test: landlock let '/' be opened");
  if (errno == EACCES) return {};
  return fail(Code::kInternal, "self-test: opening '/' failed for another reason than landlock: {}",
              strerrordesc_np(errno));
}

}  // namespace quarry::sandbox
