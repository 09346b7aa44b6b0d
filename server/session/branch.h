// Branch: the name of the branch that is checked out in a tree, as .git/HEAD has it.
//
// The file and its directory are kept open. As long as neither has changed, asking costs a look at
// each, which is less than half of looking for it by its path. A HEAD that is replaced, and a .git
// that is moved, change the directory's times; one that is written over changes its own. Never
// stale: what changed so shortly before it was read that its times cannot tell a further change is
// read again.
//
// Belongs to one workspace. Safe from any thread.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/base/clock.h"
#include "server/base/guarded.h"
#include "server/sandbox/workspace.h"

namespace quarry::session {

class Branch {
 public:
  // Empty when HEAD is detached or not at hand.
  std::string name(const sandbox::Workspace& workspace, const Clock& clock);

 private:
  struct Known {
    std::unique_ptr<const sandbox::Workspace> git;  // .git; null when there is no such directory
    std::unique_ptr<const sandbox::File> head;      // null when there is no such file
    // Of .git, or of the root where it would be. Nothing: its times tell nothing yet.
    std::optional<sandbox::Stamp> stamp;
    std::string name;
  };
  static Known read(const sandbox::Workspace& workspace, std::int64_t now_ms);
  static bool is_current(const Known& known, const sandbox::Workspace& workspace);

  Guarded<Known> known_;
};

}  // namespace quarry::session
