// What an environment variable is, by the words of its name, and what of its default may be shown.
// Pure; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

namespace quarry::analysis::project {

enum class VariableKind : std::uint8_t { kSecret, kDatabase, kConfig };
std::string_view name_of(VariableKind kind);

// Words are apart by '_', '-', '.' and the case of letters: AUTHOR is no AUTH, DbConn ends with
// CONN, PGADMIN_PORT is of the database.
VariableKind kind_of_variable(std::string_view name);

// Whether a variable tells where the program itself listens: PORT, APP_PORT, MY_TOOL_PORT; not of
// what it connects to, as DB_PORT, SMTP_PORT and USER_SERVICE_PORT are.
bool is_own_port(std::string_view name);

// What may name a variable: a letter or '_' first, then digits too. Names of properties have '.'
// and '-' in them.
bool is_variable_name(std::string_view name);

// Whether the default of a variable may be shown. A name tells little, and values of any form may
// be secrets: only what has the form of a number, a switch, an address, a path or a word that many
// programs know is shown, and none of it under the name of a secret.
bool may_show(std::string_view name, std::string_view value);

}  // namespace quarry::analysis::project
