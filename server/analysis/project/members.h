// Members: which modules the patterns of a workspace name. Pure; safe from any thread.

#pragma once

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// Fills the members of the modules that are workspaces. Patterns only choose among the modules that
// were found below the workspace, so that none leads out of the tree or around in it.
void add_members(const Gathered& gathered, std::vector<Module>& modules);

}  // namespace quarry::analysis::project
