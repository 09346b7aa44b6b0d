#include "server/analysis/project/built.h"

#include <algorithm>

#include "server/analysis/languages.h"
#include "server/analysis/project/place.h"

namespace quarry::analysis::project {
namespace {

// Settings by a name that many programs have for theirs: they are the module's beside its manifest
// and in its folder of settings.
bool may_tell_ports(const Module& module, const Manifest& of) {
  if (of.reader->pattern != "config.json" && of.reader->pattern != "puma.rb") return true;
  std::string_view below = of.directory;
  if (module.path != ".") below.remove_prefix(std::min(module.path.size(), below.size()));
  return below.empty() || below == "config" || below == "/config";
}

}  // namespace

void take_facts(Module& module, const Manifest& of, const std::vector<ecosystem::Port>& ports,
                const std::vector<ecosystem::Variable>& variables,
                const std::vector<ecosystem::Service>& services) {
  const std::string& path = of.facts.path;
  for (const ecosystem::Port& port : ports) {
    if (!may_tell_ports(module, of)) break;
    module.ports.push_back(
        {port.number, port.source, port.own, port.service, {path, port.line}, port.udp});
  }
  for (const ecosystem::Service& service : services) {
    module.services.push_back({service.name, "", service.how, {path, service.line}});
  }
  for (const ecosystem::Variable& one : variables) {
    module.variables.push_back({one.name,
                                kind_of_variable(one.name),
                                may_show(one.name, one.value) ? one.value : "",
                                {path, one.line}});
  }
}

void take_ports_of_other(Module& module, const Manifest& of, const ecosystem::Built& built) {
  std::vector<ecosystem::Port> ports = built.ports;
  for (ecosystem::Port& port : ports) {
    port.own = false;
    port.service = built.name;
  }
  take_facts(module, of, ports, {}, {});
}

BuiltModules::BuiltModules(const Gathered& gathered) : gathered_(gathered) {
  for (const auto& [directory, draft] : gathered.drafts) {
    add_name(base_name(directory), draft);
    for (const Manifest* one : draft.manifests) {
      const bool here = one->directory == directory;
      if (here && one->reader->role == ecosystem::Role::kModule) add_name(one->facts.name, draft);
    }
  }
  for (const auto& [directory, draft] : gathered.drafts) find(draft);
  find(gathered.orphans);
}

void BuiltModules::add_name(std::string_view name, const Draft& draft) {
  if (name.empty()) return;
  const auto [at, fresh] = names_.emplace(name, &draft);
  if (!fresh && at->second != &draft) at->second = nullptr;
}

const Draft* BuiltModules::module_called(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

void BuiltModules::find(const Draft& draft) {
  const ContainerFiles files(draft);
  for (const Manifest* one : draft.manifests) {
    if (one->facts.built.empty() || !files.count(*one)) continue;
    for (const ecosystem::Built& built : one->facts.built) {
      if (const Draft* of = module_of(*one, built))
        modules_[of->directory].push_back({one, &built});
    }
  }
}

const Draft* BuiltModules::module_of(const Manifest& manifest,
                                     const ecosystem::Built& built) const {
  if (!built.image.empty()) {
    if (const Draft* same = module_called(built.image)) return same;
    // "customers" of the image "shop-customers", never of "nginx".
    const bool named = built.image.ends_with("-" + built.name);
    return named ? module_called(built.name) : nullptr;
  }
  std::string directory(manifest.directory);
  if (!directory.empty()) directory.push_back('/');
  const auto found = gathered_.drafts.find(directory + built.directory);
  return found == gathered_.drafts.end() ? nullptr : &found->second;
}

void BuiltModules::take(Module& module, const Draft& draft) const {
  const auto found = modules_.find(draft.directory);
  if (found == modules_.end()) return;
  for (const auto& [manifest, built] : found->second) {
    take_facts(module, *manifest, built->ports, built->variables, built->services);
  }
}

}  // namespace quarry::analysis::project
