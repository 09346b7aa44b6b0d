// How Cargo starts a program of a package. Pure functions.

#pragma once

#include <string>

#include "server/analysis/project/members.h"
#include "server/analysis/project/project.h"

namespace quarry::analysis::project {

// "cargo run --release", with the program's name where Cargo asks which of several it shall be; ""
// when the entry is no program.
std::string start_of_rust(const Module& module, const Draft& draft, const EntryFact& entry);

}  // namespace quarry::analysis::project
