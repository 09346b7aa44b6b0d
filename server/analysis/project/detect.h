// Detection by tables: frameworks and services of a module by its dependencies and files, entry
// points by the names that a language's projects give them. Safe from any thread.

#pragma once

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// REQUIRES: module.dependencies. `exists`: whether a path of the tree is a file.
void add_frameworks(Module& module, const Draft& draft,
                    const std::function<bool(const std::string&)>& exists);

// Services by dependencies; those of tests and of the development are left out.
void add_services(Module& module);

// The entry points by name, beside those that manifests name; then what their code says: ports,
// environment. Reads at most a few of them.
void add_entries(Module& module, const Draft& draft, const Tree& tree);

}  // namespace quarry::analysis::project
