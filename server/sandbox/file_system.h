// Whether a file system is this kernel's own: nobody changes it but through this kernel, which
// tells of every change and knows who has a file open. Network and user-space ones change without a
// word.
//
// Safe from any thread.

#pragma once

#include <string>

namespace quarry::sandbox {

// Empty when that of the open `fd` is; otherwise what it is.
std::string why_not_own(int fd);

}  // namespace quarry::sandbox
