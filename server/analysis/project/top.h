// What a module takes from the top of its tree. Pure; safe from any thread.

#pragma once

#include <memory>

#include "server/analysis/project/project.h"

namespace quarry::analysis::project {

// The main module with what `top` tells of it: where it is a member of the top's workspace, or the
// top has little code of its own. Its image where the module has none, services, environment, the
// test command.
std::shared_ptr<const Module> with_top(const std::shared_ptr<const Module>& main,
                                       const Module& top);

}  // namespace quarry::analysis::project
