// The strings of a JSON text, one after the other, each with the keys that lead to it: for files of
// which little is wanted and that are too large to be made a tree of.
//
// In a list the place counts as key: "0". Comments and commas before a closing bracket are passed
// over; what is ill-formed ends it, as does nesting beyond kMaxDepth. Escapes are left as they are,
// but for "\/". Linear. Safe from any thread.

#pragma once

#include <functional>
#include <span>
#include <string_view>

namespace quarry::analysis::manifest {

using EachJsonString =
    std::function<void(std::span<const std::string_view> keys, std::string_view value)>;
void for_each_json_string(std::string_view text, const EachJsonString& each);

}  // namespace quarry::analysis::manifest
