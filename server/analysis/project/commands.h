// Commands: how a module is built, tested, checked and started. Scripts of its own manifests come
// first, then targets of runners (make, just, Task) in its directory, then what its tools do by
// default. Pure; safe from any thread.

#pragma once

#include <functional>
#include <string>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// Fills `module.commands`. `exists`: whether the tree has a file. REQUIRES: language, ecosystem,
// manager, frameworks and entries are set.
void add_commands(Module& module, const Draft& draft,
                  const std::function<bool(const std::string&)>& exists);

}  // namespace quarry::analysis::project
