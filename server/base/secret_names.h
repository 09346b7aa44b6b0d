// Which files hold secrets, by their names: environment files, private keys, stores of passwords.
//
// Names, not content: a name is known before anything is read. Files that are meant to be shared
// (.env.example, id_rsa.pub) are none. ASCII case is folded. Pure function; safe from any thread.

#pragma once

#include <string_view>

namespace quarry {

// `path`: a name, or a path whose last component counts.
bool names_secret(std::string_view path);

}  // namespace quarry
