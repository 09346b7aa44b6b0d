// Whether a file system tells of every change: local ones do; network and user-space ones change
// without a word to this kernel. Safe from any thread.

#pragma once

#include <string>

namespace quarry::watch {

// Empty when the file system of the open `fd` can be watched; otherwise what it is.
std::string why_not_watched(int fd);

}  // namespace quarry::watch
