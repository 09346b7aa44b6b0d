// Attributes: owner, group, extended attributes and ACLs of a file as one value, to be given to a
// file that takes its place, at once or after a long time. Of a symlink, opened as itself (O_PATH),
// owner and group.
//
// As many as can be read, kMaxAttributes bytes in all, and as many as the process may set: none of
// them is worth a failed write. Safe from any thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quarry::sandbox {

inline constexpr std::size_t kMaxAttributes = std::size_t{256} << 10U;

// Of an open file. Its form is of this room alone, and may be stored.
std::string read_attributes(int fd);
// A change of owner clears bits of the mode, which is to be set afterwards. What is no value of
// read_attributes() is set as far as it can be understood. ACLs that it does not name go: those
// that a new file has taken from its directory.
void set_attributes(int fd, std::string_view attributes);

}  // namespace quarry::sandbox
