// Versions of Gradle's scripts by properties: of the script, of one above it, of gradle.properties.
// Internal to the ecosystem folder; pure functions.

#pragma once

#include <string>
#include <string_view>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

// "$(version)" of a version that is a property alone: "$version", "${version}",
// "${property('version')}", "${rootProject.ext.version}"; else the version as it is.
std::string version_or_property(std::string_view text);

// Shares a value that may be a version under "$(name)", for those who refer to it.
void share_property(Facts& facts, std::string_view name, std::string_view value,
                    std::uint32_t line);

// Puts the script's own properties into the versions of languages; what is of elsewhere is left
// out.
void resolve_versions(Facts& facts);

}  // namespace quarry::analysis::ecosystem
