// Names of files as patches write them. Pure; safe from any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace quarry::edit {

// The name at the start of `text`: in C quotes, or up to a tab (behind which stands a time).
// nullopt for quotes that do not end.
std::optional<std::string> read_name(std::string_view text);

// Both names of "diff --git a/x b/x" after its keyword, when they can be told apart.
std::optional<std::pair<std::string, std::string>> read_git_names(std::string_view text);

// The prefixes of two names that are one without their first components (a/x and b/x, old/x and
// new/x) go; a lone name loses "a/" or "b/".
void strip_prefixes(std::optional<std::string>& old_name, std::optional<std::string>& new_name);

}  // namespace quarry::edit
