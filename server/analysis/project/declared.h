// Declared entries: the programs that manifests of a module name. A manifest of the module's own
// directory counts, and those of parts below it that the module's build takes in: a package of
// CMake, a folder of programs of dune, what a jar begins with.
//
// Pure functions; safe from any thread.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

// Adds the entries that `manifest` declares for the module. `exists`: whether there is a file.
void take_declared(Module& module, const Manifest& manifest, const Draft& draft,
                   const std::function<bool(const std::string&)>& exists);

struct Program {
  std::string start;  // from the module's directory, after the build
  Evidence at;
};
// The program that a build of CMake makes by default: the one that is called as the project is, or
// the only one that is no test or example.
std::optional<Program> program_of_cmake(const Module& module, const Draft& draft);

// Whether a source of the module is of a class: "com.example.Main", of Kotlin "com.example.MainKt".
bool has_class(const Draft& draft, std::string_view name);

}  // namespace quarry::analysis::project
