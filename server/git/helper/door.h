// Door: the one way in which libgit2 opens a file in this process.
//
// libgit2 imports open(2) and nothing else that yields file content; this executable defines
// open(), and the dynamic linker binds libgit2's calls to it. Once armed, the door opens regular
// files and directories beneath the root for reading and nothing else: not outside (EACCES), not
// for writing (EROFS), not through a symlink inside the git directory (ELOOP), and no FIFO,
// socket or device, on which libgit2 would wait for ever. This holds also where the kernel has no
// Landlock, and it turns `include.path` to a file outside into an error instead of a silent read.
//
// arm_door() belongs to the helper's one thread, and is called while no other opens anything.

#pragma once

#include <string>

namespace quarry::git::helper {

// `root` and `git_directory` are absolute and resolved; `git_directory` lies beneath `root`.
// Calling it again replaces both.
void arm_door(const std::string& root, const std::string& git_directory);

// Whether an open was refused, as outside the root, since the last call.
bool door_refused();

}  // namespace quarry::git::helper
