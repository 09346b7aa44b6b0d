// From the kernel's struct stat to the room's own. Pure functions; safe from any thread.

#pragma once

#include <sys/stat.h>

#include "server/sandbox/workspace.h"

namespace quarry::sandbox {

Stamp stamp_of(const struct stat& status);
Kind kind_of(mode_t mode);
// Without the link target.
Metadata metadata_of(const struct stat& status);

// A File from a descriptor that was just opened for reading; kInvalidArgs, naming `shown`, unless
// it is a regular file. Takes `fd` over in any case.
Result<File> adopt_file(Fd fd, std::string_view name);

// For whoever asks for a private key under an innocent name.
[[gnu::cold]] Failure private_key(std::string_view what);

// What a failed system call on one directory entry means: `error` as an errno, `name` as it is.
[[gnu::cold]] Failure entry_failure(int error, std::string_view name);

// For whoever finds `name` in another state than the one that it was to change. kConflict.
[[gnu::cold]] Failure changed_meanwhile(std::string_view name);

// What a failed system call that would have changed `name` means.
[[gnu::cold]] Failure change_failure(int error, std::string_view name);

}  // namespace quarry::sandbox
