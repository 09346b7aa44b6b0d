// Ports of a module: those of scripts, and which of all count. Pure; safe from any thread.

#pragma once

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// "vite --port 4000", "next dev -p 3001", "PORT=8080 node server.js": never "test:1".
void add_script_ports(Module& module, const ecosystem::Facts& facts);

// Ports in order, each number once; of an application the
// framework's when no own one is told.
void finish_ports(Module& module, const Draft& draft);

}  // namespace quarry::analysis::project
