// Confinement of the whole process by Landlock, and what the process can say about it.
//
// confine() is called once, before the first thread, since a Landlock domain binds the calling
// thread and what it starts. It also drops capabilities that are not needed and forbids new
// privileges. Children inherit all of it.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/sandbox/workspace.h"

namespace quarry::sandbox {

struct Grants {
  std::vector<std::string> read_only;   // directories or files: roots, runtime libraries
  std::vector<std::string> read_write;  // the state directory, roots when writing is allowed
  std::vector<std::string> execute;     // the helper binaries, the dynamic loader and libraries
  int max_abi = 99;  // behave as a kernel with this Landlock ABI would; 0: as one without
};

struct Confinement {
  int landlock_abi = 0;            // 0: the kernel has none
  bool enforced = false;           // the domain is in force
  bool grants_everything = false;  // "/" itself was granted: nothing is outside
  bool openat2 = false;            // the kernel resolves beneath; else the component walk
  std::string note;                // why something is missing, for stderr and server_status
};

// What this kernel offers, without changing anything.
Confinement probe();

// Enforces `grants`. A missing kernel feature is not an error: the answer says what is in force.
// Paths that do not exist are left out. Granted besides: /dev/null, and reading /proc/self. TCP
// is denied altogether from ABI 4 on; abstract unix sockets of others, and signals to processes
// that are no descendants, from ABI 6 on. Sockets, FIFOs and devices cannot be made anywhere.
Result<Confinement> confine(const Grants& grants);

// A symlink escape and an outside open through a Workspace must both fail, with `resolver`, the one
// in use; kAuto tries each that this kernel has. Tried in the directory `self-test` of `keeps`
// (absolute and resolved; "" for none), which is made once, since making it costs more than the
// test; where that is not what it should be, in a directory that is made in the first of `places`
// that can be written, and removed again. Before
// confine(), which might hide that something got out. kInternal names the protection that does not
// hold; kUnavailable: no directory can be made. About 1 ms.
Result<void> test_resolvers(const std::string& keeps, std::span<const std::string> places,
                            Workspace::Resolver resolver = Workspace::Resolver::kAuto);

// When `claimed.enforced`, an outside open by absolute path must fail. kInternal when it does not.
Result<void> test_landlock(const Confinement& claimed);

}  // namespace quarry::sandbox
