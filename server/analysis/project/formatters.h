// Formatters: what checks how the code is written, and what changes it. Only the former is a check
// of the code. A pure function.

#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "server/analysis/ecosystem/facts.h"
#include "server/analysis/manifest/text.h"

namespace quarry::analysis::project {

// Whether a command only tells what it would change.
inline bool only_checks(std::string_view command) {
  constexpr auto kOptions = std::to_array<std::string_view>(
      {"--check", "-c", "-l", "--list-different", "-d", "--diff", "--dry-run", "--dry", "-check",
       "--check-formatted", "--verify-no-changes", "--test", "ci", "check", "lint"});
  return std::ranges::any_of(manifest::words(command), [&](std::string_view word) {
    return std::ranges::find(kOptions, word) != kOptions.end() || word.starts_with("--check=");
  });
}

// Whether a script that is called as a formatter is changes the code. A target, whose command is
// not known, is taken at its name.
inline bool writes(const ecosystem::Script& script) {
  return (script.name == "format" || script.name == "fmt") && !only_checks(script.command);
}

}  // namespace quarry::analysis::project
