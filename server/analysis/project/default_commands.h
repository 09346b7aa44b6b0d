// What the tool of an ecosystem does for a role, where the module has what that needs: a command
// that would fail is none. Constant data and pure functions; safe from any thread.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

struct DefaultCommand {
  CommandRole role;
  // {m}: the package manager; {w}: Maven or Gradle, or their wrapper; {c}: what makes configure,
  // where it is not there, and calls it.
  std::string_view text;
};

// The first of each role that holds for the module.
std::vector<DefaultCommand> default_commands(const Module& module, const Draft& draft);

// What calls autoconf's configure, and makes it where it is not kept.
std::string configure_of(const Draft& draft, const std::function<bool(const std::string&)>& exists);

// Whether "make" alone builds by the makefile of the draft that is seen at `at`: its first target,
// or the one that is named so, is none of upkeep.
bool make_builds(const Evidence& at, const Draft& draft);

}  // namespace quarry::analysis::project
