#include "server/analysis/project/top.h"

#include <algorithm>
#include <iterator>

namespace quarry::analysis::project {
namespace {

// Adds what the list has not, by `key`.
template <class List, class Key>
void inherit(List& list, const List& from, Key key) {
  for (const auto& one : from) {
    const bool known =
        std::ranges::any_of(list, [&](const auto& other) { return key(other) == key(one); });
    if (!known) list.push_back(one);
  }
}
bool is_of_containers(const Module& top, const Evidence& at) {
  return std::ranges::find(top.containers, at.path) != top.containers.end() ||
         std::ranges::find(top.settings, at.path) != top.settings.end();
}

// Before those of the module: what a person wrote down comes before what a framework does.
void inherit_commands(Module& module, const Module& top, CommandRole role) {
  std::vector<CommandFact> all;
  std::ranges::copy_if(top.commands, std::back_inserter(all), [&](const CommandFact& one) {
    const bool told = role != CommandRole::kStart || is_of_containers(top, one.at);
    return one.role == role && told;
  });
  all.insert(all.end(), module.commands.begin(), module.commands.end());
  std::ranges::stable_sort(all, {}, &CommandFact::role);
  module.commands = std::move(all);
}

}  // namespace

std::shared_ptr<const Module> with_top(const std::shared_ptr<const Module>& main,
                                       const Module& top) {
  const bool member = std::ranges::find(top.members, main->path) != top.members.end();
  if (!member && top.bytes * 5 > main->bytes) return main;
  auto module = std::make_shared<Module>(*main);
  if (module->image.empty() && !top.image.empty()) {
    module->image = top.image;
    module->ignores = module->ignores || top.ignores;
    const auto guessed = [](const PortFact& one) {
      return one.source == ecosystem::PortSource::kDefault;
    };
    std::vector<PortFact> told = top.ports;
    std::erase_if(told, guessed);
    if (!told.empty()) std::erase_if(module->ports, guessed);
    inherit(module->ports, told, [](const PortFact& one) { return one.number; });
    inherit_commands(*module, top, CommandRole::kStart);
  }
  module->containers.insert(module->containers.end(), top.containers.begin(), top.containers.end());
  // What the top itself depends on is not what this one does.
  std::vector<ServiceFact> services = top.services;
  const bool told = std::ranges::any_of(
      module->services, [&](const ServiceFact& one) { return is_of_containers(top, one.at); });
  std::erase_if(services,
                [&](const ServiceFact& one) { return told || !is_of_containers(top, one.at); });
  inherit(module->services, services, [](const ServiceFact& one) { return one.name; });
  inherit(module->variables, top.variables, [](const VariableFact& one) { return one.name; });
  std::ranges::sort(module->variables, {}, &VariableFact::name);
  if (module->command(CommandRole::kTest) == nullptr) {
    inherit_commands(*module, top, CommandRole::kTest);
  }
  const auto tests = [](const FrameworkFact& one) { return one.kind == FrameworkKind::kTest; };
  if (std::ranges::none_of(module->frameworks, tests)) {
    std::ranges::copy_if(top.frameworks, std::back_inserter(module->frameworks), tests);
  }
  if (module->licence.name.empty()) module->licence = top.licence;
  return module;
}

}  // namespace quarry::analysis::project
