// An ordinary user's rights, for what root may do everywhere.

#pragma once

#include <filesystem>
#include <initializer_list>
#include <stdexcept>

#include <unistd.h>

#include "tests/support/temp_workspace.h"

namespace quarry::test {

// This process becomes one that owns `workspaces`, for good, where it was root's. It cannot remove
// them afterwards: they must be another process's, of which this one was forked.
inline void become_ordinary(std::initializer_list<const TempWorkspace*> workspaces) {
  if (geteuid() != 0) return;
  namespace fs = std::filesystem;
  constexpr uid_t kNobody = 65534;
  for (const TempWorkspace* workspace : workspaces) {
    const fs::path root = workspace->root();
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      (void)!lchown(entry.path().c_str(), kNobody, kNobody);
    }
    (void)!chown(root.c_str(), kNobody, kNobody);
    fs::permissions(root.parent_path(), fs::perms(0111), fs::perm_options::add);
  }
  if (setresuid(kNobody, kNobody, kNobody) != 0) throw std::runtime_error("setresuid");
}

}  // namespace quarry::test
