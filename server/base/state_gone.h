// What all that use the state directory say when it was taken away under them.

#pragma once

#include <string_view>

namespace quarry {

// Nothing that is written is found again, and nobody else sees the locks.
inline constexpr std::string_view kStateDirectoryGone =
    "the state directory was removed or replaced while quarry used it; start quarry again";

}  // namespace quarry
