// How a script of a manifest is run, by the tool that its ecosystem runs scripts with. Pure
// functions; safe from any thread.

#pragma once

#include <string>
#include <string_view>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// The tool and its word for it: "pnpm run"; "" where the manifest's scripts are not run so. `npm`:
// the manager of npm's scripts.
std::string runner_of(const Manifest& manifest, const Module& module, std::string_view npm);

std::string script_command(const Manifest& manifest, const Module& module, std::string_view npm,
                           const ecosystem::Script& script);

}  // namespace quarry::analysis::project
