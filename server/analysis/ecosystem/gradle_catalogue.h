// The version catalogue of Gradle: what libs.x, libs.plugins.x and libs.bundles.x of the scripts
// mean, as shared values of these names: "group:artifact@version", of a bundle the names of what is
// in it, each with a blank behind it.

#pragma once

#include <string_view>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

inline constexpr std::string_view kGradleBundle = "libs.bundles.";

void read_gradle_catalogue(const Source& source, Facts& facts);

}  // namespace quarry::analysis::ecosystem
