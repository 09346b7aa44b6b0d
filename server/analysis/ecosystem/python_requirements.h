// Requirements of Python as pip reads them. Pure functions; safe from any thread.

#pragma once

#include <cstdint>
#include <string_view>

#include "server/analysis/ecosystem/facts.h"

namespace quarry::analysis::ecosystem {

// "name[extra] >=1.0,<2 ; marker" of PEP 508; "name @ url" has the URL for a version. What has no
// name, as a path, is left out.
void add_requirement(Facts& facts, std::string_view text, Use use, std::uint32_t line);

// A file of requirements: comments, continued lines, options, URLs; never a hash for a name.
void read_requirements(const Source& source, Facts& facts);

}  // namespace quarry::analysis::ecosystem
