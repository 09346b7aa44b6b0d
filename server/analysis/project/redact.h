// Redaction: text of a repository without the secrets in it. Every text that an analysis shows has
// gone through redacted(), whatever it is: commands, versions, names.
//
// What goes: the user of a URL; the value of a variable that stands before a command, of an option
// and of a key whose name is a secret's; tokens that are known by how they begin; keys in PEM form.
// What it has not in its tables it cannot know: values of variables are shown by what they are, not
// by what they are not (variables.h). Pure functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>

namespace quarry::analysis::project {

inline constexpr std::string_view kRedacted = "***";

std::string redacted(std::string_view text);

// Whether something in `text` is a token, a key, a password or a URL with a user in it.
bool looks_secret(std::string_view text);

// Whether `word` seems to be made by a machine: long, and of letters and digits without order.
bool looks_random(std::string_view word);

}  // namespace quarry::analysis::project
