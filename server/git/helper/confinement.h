// Confinement of the helper: what this process may still do once it serves requests.
//
// Reading beneath the workspace's root, and nothing else: no other files (Landlock, where the
// kernel has it), no program, process or socket (seccomp), no more memory or descriptors than its
// limits, no core dump, no tracing by others. Called once, before the first request is read and
// before libgit2 starts, while there is one thread. Threads that start later are confined as well.

#pragma once

#include <cstdint>
#include <string>

#include "server/base/result.h"

namespace quarry::git::helper {

// kInternal when a protection that the kernel offers cannot be enforced.
Result<void> confine_to(const std::string& root);

// Bounds the processor time of one request, so that the helper ends even when nobody is left to
// kill it: `budget_ms` and two seconds from now.
void limit_processor_time(std::uint64_t budget_ms);

// Tries what must not work (a program, a socket, a process, a write, an outside file); kInternal
// names what worked. For `quarry-git --self-test`, after confine_to().
Result<void> test_confinement(const std::string& root);

}  // namespace quarry::git::helper
