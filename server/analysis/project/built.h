// Modules that a set of containers builds: what it says of them is theirs, wherever it lies itself.
// const, safe from any thread.

#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "server/analysis/project/gather.h"

namespace quarry::analysis::project {

void take_facts(Module& module, const Manifest& of, const std::vector<ecosystem::Port>& ports,
                const std::vector<ecosystem::Variable>& variables,
                const std::vector<ecosystem::Service>& services);

class BuiltModules {
 public:
  // REQUIRES: `gathered` lives as long.
  explicit BuiltModules(const Gathered& gathered);

  // Null when what is built is no module.
  const Draft* module_of(const Manifest& manifest, const ecosystem::Built& built) const;
  // What is said of the module of `draft`.
  void take(Module& module, const Draft& draft) const;

 private:
  struct By {
    const Manifest* manifest;
    const ecosystem::Built* built;
  };
  void find(const Draft& draft);

  const Gathered& gathered_;
  std::map<std::string_view, std::vector<By>> modules_;  // by directory
};

}  // namespace quarry::analysis::project
