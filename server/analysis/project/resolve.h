// Resolver: the versions of a module's dependencies where its manifest only refers to them.
// const, safe from any thread.

#pragma once

#include <string_view>
#include <vector>

#include "server/analysis/project/gather.h"
#include "server/analysis/project/members.h"

namespace quarry::analysis::project {

class Resolver {
 public:
  // REQUIRES: both live as long.
  Resolver(const Gathered& gathered, const Workspaces& workspaces)
      : gathered_(gathered), workspaces_(workspaces) {}

  // Puts in what the module leaves to its workspace or to what is above it: its own version and its
  // licence.
  void inherit(Module& module, std::string_view directory) const;

  // A dependency of the manifest `of` of the module in a directory: its range is what a workspace,
  // a catalogue or a parent has for it, the nearest first; `locked` what the lock file of its
  // workspace chose.
  DependencyFact resolved(const ecosystem::Dependency& one, const Manifest& of,
                          std::string_view module) const;

  // What a dependency stands for: of a bundle of Gradle's catalogue all that is in it, else itself.
  std::vector<ecosystem::Dependency> parts(const ecosystem::Dependency& one,
                                           const Manifest& of) const;

 private:
  struct Shared {
    const ecosystem::Dependency* value = nullptr;
    const Manifest* of = nullptr;
  };
  Shared shared(std::string_view directory, std::string_view ecosystem,
                std::string_view name) const;
  // What the nearest package.json above an nx project has of it: nx installs there alone.
  std::string_view root_version(std::string_view directory, std::string_view name) const;
  // A text with what the manifests above have for each "$(name)" in it; "" where one of these is
  // not told, as of "${version}": what a build computes says nothing here.
  std::string filled(std::string text, std::string_view directory,
                     std::string_view ecosystem) const;
  std::string filled_name(const std::string& name, std::string_view directory,
                          std::string_view ecosystem) const;
  void take_application(Module& module, std::string_view directory) const;
  // Of the nearest lock file that has it at all.
  std::string_view locked_for(const Manifest& of, std::string_view module,
                              const DependencyFact& fact) const;

  const Gathered& gathered_;
  const Workspaces& workspaces_;
};

}  // namespace quarry::analysis::project
