// The two ways from a root's descriptor to one beneath it. Nothing else in the room turns a path
// of more than one component into a system call.
//
// Both refuse what leaves the root (-EXDEV), also by way of an absolute symlink, follow at most 40
// symlinks (-ELOOP) and never a magic link of procfs. Safe from any thread.

#pragma once

#include <string>

#include <fcntl.h>

#include "server/sandbox/workspace.h"

namespace quarry::sandbox {

// For opening content: never blocks on a FIFO, never takes a terminal.
inline constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
// For asking about a file without opening it.
inline constexpr int kHandleFlags = O_PATH | O_CLOEXEC;

// Whether the kernel has openat2 and lets this process call it.
bool has_openat2();

// Opens `path`, as Path::text() has it, with `flags`: one of the sets above, plus O_DIRECTORY or,
// O_NOFOLLOW: a last symlink is then itself with O_PATH, else -ELOOP. A descriptor or a negative
// errno.
int open_beneath(int root_fd, const std::string& path, int flags, Workspace::Resolver resolver);

// The directory `path`, opened for reading, when no component of it is a symlink; else -ELOOP.
int open_plain_directory(int root_fd, const std::string& path, Workspace::Resolver resolver);

// The component walk alone. On -EXDEV by an absolute symlink its target goes to
// `absolute_target`, which may be null.
int walk_beneath(int root_fd, const std::string& path, int flags, std::string* absolute_target);

// The target of the symlink `name` in `directory_fd` ("" for the descriptor itself) into
// `target`; 0 or an errno, EINVAL when it is no symlink.
int read_link(int directory_fd, const char* name, std::string& target);

// Waits until what `fd` refers to is on disk; 0 or an errno.
int sync_descriptor(int fd);

}  // namespace quarry::sandbox
