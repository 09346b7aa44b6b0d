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

// What another program of the same set of containers listens on.
void take_ports_of_other(Module& module, const Manifest& of, const ecosystem::Built& built);

class BuiltModules {
 public:
  // REQUIRES: `gathered` lives as long.
  explicit BuiltModules(const Gathered& gathered);

  // Null when what is built is no module. An image is the module's that is called as it is.
  const Draft* module_of(const Manifest& manifest, const ecosystem::Built& built) const;
  // What is said of the module of `draft`.
  void take(Module& module, const Draft& draft) const;

 private:
  struct By {
    const Manifest* manifest;
    const ecosystem::Built* built;
  };
  void find(const Draft& draft);
  void add_name(std::string_view name, const Draft& draft);
  const Draft* module_called(std::string_view name) const;

  const Gathered& gathered_;
  std::map<std::string_view, std::vector<By>> modules_;  // by directory
  // By the names of directories and of manifests; null where several have one.
  std::map<std::string_view, const Draft*> names_;
};

}  // namespace quarry::analysis::project
