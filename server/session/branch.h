// Branch: the name of the branch that is checked out in a tree, as .git/HEAD has it.
//
// The file is read when it is not the one that was read before; as long as it is, asking costs a
// look at it and one at the directory that it lies in. Never stale: a file that changed so shortly
// before it was read that its times cannot tell a further change is read again.
//
// Belongs to one workspace. Safe from any thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/base/guarded.h"
#include "server/sandbox/workspace.h"

namespace quarry::session {

class Branch {
 public:
  // Empty when HEAD is detached or not at hand. `now_ms` is the wall clock.
  std::string name(const sandbox::Workspace& workspace, std::int64_t now_ms);

 private:
  struct Known {
    std::shared_ptr<const sandbox::Workspace>
        directory;                        // .git, open; null when it is no directory
    std::optional<sandbox::Stamp> stamp;  // of the file that was read
    std::string name;
  };
  static Known read(const sandbox::Workspace& workspace, std::int64_t now_ms);

  Guarded<Known> known_;
};

}  // namespace quarry::session
