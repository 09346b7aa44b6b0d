// Where in a tree files of one name lie: for who asked for it in the wrong directory.
// Safe from any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/search/engine.h"

namespace quarry::search {

// At most `most` paths of files named `name`, in their order; of what a search of the root looks at
// (known_walk.h), as far as it is known or read in kSameNameNs.
std::vector<std::string> find_same_name(const Engine& engine, std::string_view name,
                                        std::size_t most);
inline constexpr std::int64_t kSameNameNs = 20'000'000;

}  // namespace quarry::search
