// What an environment variable is, by the words of its name. Pure; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

namespace quarry::analysis::project {

enum class VariableKind : std::uint8_t { kSecret, kDatabase, kConfig };
std::string_view name_of(VariableKind kind);

// Words are apart by '_': AUTHOR is no AUTH, PGADMIN_PORT is of the database.
VariableKind kind_of_variable(std::string_view name);

// Whether the default of a variable may be shown: no secret, and no URL with a password in it.
bool may_show(std::string_view name, std::string_view value);

}  // namespace quarry::analysis::project
